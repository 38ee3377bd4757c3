import type { Change, Cohort, Comparison } from "./comparison.ts";
import type { Spread } from "./facts.ts";
import type { Uncertainty } from "./interval.ts";
import type { HealthRule } from "./rule.ts";

/**
 * How much worse the treated devices became than the others over the same time, in the rule's inner scale.
 * value: mean over devices, each counted once · cautious: the least it can be made by leaving out any one device, where
 * three or more were compared, so that no single device is taken for the release · n: what the rule counts
 */
export type Difference = {
  readonly value: number;
  readonly cautious: number;
  readonly uncertainty: Uncertainty;
  readonly n: number;
  readonly devices: { readonly treated: number; readonly control: number };
};

type Step = { readonly change: number; readonly variance: number; readonly spreading: number; readonly n: number };
type Side = { readonly steps: readonly Step[]; readonly others: readonly Step[] };

/** The difference in differences of one rule; `null` where no device has data before and after, or none to compare with. */
export function differenceOf(
  rule: HealthRule,
  comparison: Comparison,
  { spread, periodMs, classShares }: DifferenceOptions,
): Difference | null {
  const isAlone = comparison.with === "own-past";
  const stepOf = (change: Change) => measure(rule, change, { spread, periodMs, classShares });
  const sides = comparison.cohorts
    .map(({ treated, others }: Cohort): Side => ({ steps: treated.flatMap(stepOf), others: others.flatMap(stepOf) }))
    .filter(({ steps, others }) => steps.length > 0 && (isAlone || others.length > 0));
  const treated = sides.reduce((sum, { steps }) => sum + steps.length, 0);
  if (treated === 0) return null;
  const control = Math.max(...sides.map(({ others }) => others.length));
  return {
    value: meanDifference(sides, treated),
    cautious: leastDifference(sides, treated, control),
    uncertainty: uncertaintyOf(sides, treated, isAlone ? spread.alone : spread.value, spread.degrees),
    n: Math.round(sides.flatMap(({ steps }) => steps).reduce((sum, { n }) => sum + n, 0)),
    devices: { treated, control },
  };
}

type DifferenceOptions = {
  readonly spread: Spread;
  readonly periodMs: number;
  readonly classShares: readonly number[];
};

function measure(rule: HealthRule, { before, after }: Change, options: DifferenceOptions): Step[] {
  const { spread, periodMs, classShares } = options;
  const past = rule.observe(before, classShares);
  const since = rule.observe(after, classShares);
  if (past === null || since === null) return [];
  const variance = spread.design * (past.variance / past.n + since.variance / since.n);
  const spreading = (shortness(before.durationMs, periodMs) + shortness(after.durationMs, periodMs)) / 2;
  return [{ change: since.level - past.level, variance, spreading, n: rule.count(after) }];
}

/**
 * How much more a mean over less than a period varies than over a period: at most as if its moments were independent. Over
 * more than a period it counts as no less.
 */
const shortness = (durationMs: number, periodMs: number): number => Math.max(1, periodMs / Math.max(1, durationMs));

const changeOf = ({ change }: Step): number => change;
const meanOf = (steps: readonly Step[], read: (step: Step) => number): number =>
  steps.length === 0 ? 0 : steps.reduce((sum, step) => sum + read(step), 0) / steps.length;

function meanDifference(sides: readonly Side[], treated: number): number {
  return sides.reduce(
    (sum, { steps, others }) => sum + (steps.length / treated) * (meanOf(steps, changeOf) - meanOf(others, changeOf)),
    0,
  );
}

function leastDifference(sides: readonly Side[], treated: number, control: number): number {
  const value = meanDifference(sides, treated);
  const singles = sides.flatMap(({ steps, others }) => steps.map(({ change }) => change - meanOf(others, changeOf)));
  const withoutWorst = treated < 3 ? value : (value * treated - Math.max(...singles)) / (treated - 1);
  const withoutBest =
    control < 3
      ? value
      : meanDifference(
          sides.map(({ steps, others }) => ({ steps, others: dropLeast(others) })),
          treated,
        );
  return Math.min(value, withoutWorst, withoutBest);
}

function dropLeast(steps: readonly Step[]): readonly Step[] {
  if (steps.length < 3) return steps;
  const least = steps.reduce((found, step) => (step.change < found.change ? step : found));
  return steps.filter((step) => step !== least);
}

/** Cohorts share their others, so those errors add up as they are; the treated devices' own are independent. */
function uncertaintyOf(sides: readonly Side[], treated: number, spread: number, degrees: number): Uncertainty {
  const variances = (read: (step: Step) => number): number => {
    const own = sides.reduce((sum, { steps }) => sum + steps.length * meanOf(steps, read), 0) / treated ** 2;
    const shared = sides.reduce((sum, { steps, others }) => {
      if (others.length === 0) return sum;
      return sum + (steps.length / treated) * Math.sqrt(meanOf(others, read) / others.length);
    }, 0);
    return own + shared ** 2;
  };
  return {
    deviceSd: spread * Math.sqrt(variances(({ spreading }) => spreading)),
    degrees,
    variance: variances(({ variance }) => variance),
  };
}
