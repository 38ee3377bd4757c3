import { Tooltip } from "@mantine/core";
import { momentText, relativeText, relativeTickMs } from "./format-time.ts";
import { useNow } from "./use-now.ts";
import classes from "./values.module.css";

/** A moment as seen from now; on hover or focus with day, time and zone. */
export function Time({ at }: { at: number | null | undefined }) {
  const now = useNow(at == null ? undefined : relativeTickMs(at, Date.now()));
  if (at == null) return <span className={classes.none}>never</span>;
  const exact = momentText(at);
  return (
    <Tooltip label={exact} events={{ hover: true, focus: true, touch: true }} openDelay={150}>
      <button type="button" className={classes.time} aria-label={`${relativeText(at, now)}, ${exact}`}>
        <time dateTime={new Date(at).toISOString()}>{relativeText(at, now)}</time>
      </button>
    </Tooltip>
  );
}

/** A moment in full, for where there is room. */
export function Moment({ at }: { at: number }) {
  return <time dateTime={new Date(at).toISOString()}>{momentText(at)}</time>;
}
