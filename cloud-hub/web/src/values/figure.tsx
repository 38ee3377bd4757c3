import { countText, valueText } from "./format-amount.ts";
import type { Measured } from "./interval.ts";
import classes from "./values.module.css";

/** A measured value with its interval and n. unit: "share" is written as percent · of: what n counts */
export function Figure({ figure, unit = "", of = "" }: { figure: Measured; unit?: string; of?: string }) {
  const { value, low, high, n } = figure;
  const counted = `n = ${countText(n)}${of === "" ? "" : ` ${of}`}`;
  if (value === null) return <span className={classes.none}>not measured, {counted}</span>;
  return (
    <span className={classes.figure}>
      <span className={classes.value}>{valueText(value, unit)}</span>
      <span className={classes.beside}>
        {low !== null && high !== null && `[${valueText(low, unit)}, ${valueText(high, unit)}] · `}
        {counted}
      </span>
    </span>
  );
}
