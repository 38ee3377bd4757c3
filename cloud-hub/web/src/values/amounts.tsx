import { bytesText, countText, durationText } from "./format-amount.ts";
import classes from "./values.module.css";

const none = <span className={classes.none}>–</span>;

/** A number of bytes. */
export function Bytes({ bytes }: { bytes: number | null | undefined }) {
  return bytes == null ? none : <span title={`${countText(bytes)} bytes`}>{bytesText(bytes)}</span>;
}

/** A span of time in ms. */
export function Duration({ ms }: { ms: number | null | undefined }) {
  return ms == null ? none : <span>{durationText(ms)}</span>;
}

/** A number of things. */
export function Count({ count }: { count: number | null | undefined }) {
  return count == null ? none : <span>{countText(count)}</span>;
}
