import type { Figure } from "../../api/figure.ts";
import classes from "./models.module.css";

/** A share from 0 to 1 with its interval as a bar; words beside it say the same. */
export function IntervalBar({ figure, isSecond = false }: { figure: Figure; isSecond?: boolean }) {
  const percent = (share: number) => `${share * 100}%`;
  const [low, value, high] = [figure.low, figure.value, figure.high].map((share) =>
    Math.max(0, Math.min(1, share)),
  ) as [number, number, number]; // three in, three out
  return (
    <span className={`${classes.bar} ${isSecond ? classes.second : ""}`} aria-hidden>
      <span className={classes.reach} style={{ left: percent(low), width: percent(high - low) }} />
      <span className={classes.point} style={{ left: percent(value) }} />
    </span>
  );
}
