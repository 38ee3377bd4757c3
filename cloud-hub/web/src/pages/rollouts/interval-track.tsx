import { useId } from "react";
import type { RuleVerdict } from "../../api/rollout.ts";
import { shortNumber } from "../../values/format-amount.ts";
import { layOut } from "../../values/interval.ts";
import classes from "./rollouts.module.css";

const width = 320;
const height = 46;
const middle = 18;

/**
 * A rule's interval against its thresholds: the hatched ground begins where harm begins, the dashed line is where healthy
 * ends. Shape and place say it all; colour only repeats it.
 */
export function IntervalTrack({ rule }: { rule: RuleVerdict }) {
  const hatch = useId();
  const { harmAbove, healthyBelow, verdict } = rule;
  const track = layOut(rule, rule);
  const words = `Harm above ${shortNumber(harmAbove)}, healthy below ${shortNumber(healthyBelow)}.`;
  if (track === undefined) return <p className={classes.noTrack}>{words}</p>;
  const at = (share: number) => Math.round(share * width * 10) / 10;
  const [harm, healthy] = [at(track.harmAbove), at(track.healthyBelow)];
  return (
    <svg
      className={classes.interval}
      data-verdict={verdict}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={words}
    >
      <defs>
        <pattern id={hatch} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <line x1="0" y1="0" x2="0" y2="6" className={classes.hatch} />
        </pattern>
      </defs>
      <rect x={harm} y={middle - 12} width={width - harm} height="24" fill={`url(#${hatch})`} />
      <line x1="0" x2={width} y1={middle} y2={middle} className={classes.axis} />
      <line x1={at(track.zero)} x2={at(track.zero)} y1={middle - 5} y2={middle + 5} className={classes.axis} />
      <line x1={healthy} x2={healthy} y1={middle - 14} y2={middle + 14} className={classes.healthyLine} />
      <line x1={at(track.low)} x2={at(track.high)} y1={middle} y2={middle} className={classes.reach} />
      <End x={at(track.low)} isCut={track.isCutLow} side={-1} />
      <End x={at(track.high)} isCut={track.isCutHigh} side={1} />
      <circle cx={at(track.value)} cy={middle} r="5" className={classes.value} />
      <text x={harm} y={height - 3} textAnchor={harm > width * 0.8 ? "end" : "start"} className={classes.tick}>
        harm {shortNumber(harmAbove)}
      </text>
      <text
        x={healthy}
        y={height - 3}
        textAnchor={healthy - harm < 90 ? "start" : "middle"}
        dx={healthy - harm < 90 ? 78 : 0}
        className={classes.tick}
      >
        healthy {shortNumber(healthyBelow)}
      </text>
    </svg>
  );
}

/** The end of an interval: a bar, or an arrow where the interval goes on beyond the picture. */
function End({ x, isCut, side }: { x: number; isCut: boolean; side: 1 | -1 }) {
  if (!isCut) return <line x1={x} x2={x} y1={middle - 6} y2={middle + 6} className={classes.reach} />;
  return (
    <path d={`M${x - side * 8} ${middle - 6}L${x} ${middle}L${x - side * 8} ${middle + 6}`} className={classes.reach} />
  );
}
