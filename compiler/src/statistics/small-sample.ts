import betaQuantile from "@stdlib/stats-base-dists-beta-quantile";
import tQuantile from "@stdlib/stats-base-dists-t-quantile";
import type { RatioUnit } from "./unit.ts";

/** Lower and upper end of an interval. */
export type Interval = readonly [low: number, high: number];

/** A ratio estimate with what its interval needs to know about the units behind it. */
export interface Estimate {
  readonly value: number;
  /** Variance of the value between units, jackknifed. */
  readonly variance: number;
  /** Kish's effective number of units and of observations, so that few heavy ones do not pass for many. */
  readonly units: number;
  readonly observations: number;
  /** Units that hold the rarer outcome: what the variance was really learned from. */
  readonly informativeUnits: number;
  readonly mass: number;
}

const tail = 0.025;

/** Estimates the ratio Σ sum / Σ mass with the jackknife (CR3) variance over units. */
export function estimateOf(units: readonly RatioUnit[]): Estimate {
  const mass = total(units, (unit) => unit.mass);
  const value = total(units, (unit) => unit.sum) / mass;
  const residuals = total(units, (unit) => leverageAdjusted(unit, value, mass) ** 2);
  const fewer = Math.min(
    count(units, (unit) => unit.hasSuccess),
    count(units, (unit) => unit.hasFailure),
  );
  return {
    value,
    variance: (((units.length - 1) / units.length) * residuals) / (mass * mass),
    units: (mass * mass) / total(units, (unit) => unit.mass ** 2),
    observations: (mass * mass) / total(units, (unit) => unit.squaredWeight),
    informativeUnits: fewer,
    mass,
  };
}

/**
 * A 95 % interval of a share from few units: Clopper–Pearson on the effective number of observations, never of zero width.
 * The effective number follows Korn & Graubard (1998), with as many degrees of freedom as units holding the rarer
 * outcome plus 2; where every observation agrees the units themselves are counted, because nothing tells their spread.
 */
export function proportionInterval(estimate: Estimate): Interval {
  const effective = effectiveObservations(estimate);
  const successes = estimate.value * effective;
  const failures = effective - successes;
  const low = successes < 1e-9 ? 0 : betaQuantile(tail, successes, failures + 1);
  const high = failures < 1e-9 ? 1 : betaQuantile(1 - tail, successes + 1, failures);
  return [low, high];
}

/**
 * A 95 % interval of a paired difference from few units: Student's t on the jackknife variance with two pseudo-units,
 * half won and half lost (after Agresti & Min 2005), so that no discordant pair does not read as certainty.
 */
export function differenceInterval(units: readonly RatioUnit[], extraVariance = 0): Interval {
  const plain = estimateOf(units);
  const pseudo = plain.mass / plain.units;
  const mass = plain.mass + 2 * pseudo;
  const centre = (plain.value * plain.mass) / mass;
  const residuals = total(units, (unit) => leverageAdjusted(unit, centre, mass) ** 2) + 2 * (pseudo / 2) ** 2;
  const spread = Math.sqrt(residuals / (mass * mass) + extraVariance);
  const reach = tQuantile(1 - tail, Math.max(1, plain.units - 1)) * spread;
  const low = Math.min(plain.value, centre - reach);
  return [Math.max(-1, low), Math.min(1, Math.max(plain.value, centre + reach))];
}

function effectiveObservations(estimate: Estimate): number {
  const { value, variance, units, observations, informativeUnits } = estimate;
  const isUnanimous = value <= 0 || value >= 1 || variance <= 0;
  const raw = isUnanimous ? units : Math.min(observations, (value * (1 - value)) / variance);
  const unitFreedom = isUnanimous ? units - 1 : Math.min(units - 1, informativeUnits + 2);
  const narrowing = tQuantile(1 - tail, Math.max(1, observations - 1)) / tQuantile(1 - tail, Math.max(1, unitFreedom));
  return Math.min(observations, raw * narrowing ** 2);
}

function leverageAdjusted(unit: RatioUnit, value: number, mass: number): number {
  const leverage = unit.mass / mass;
  const residual = unit.sum - value * unit.mass;
  return leverage >= 1 ? residual : residual / (1 - leverage);
}

function total(units: readonly RatioUnit[], amount: (unit: RatioUnit) => number): number {
  return units.reduce((sum, unit) => sum + amount(unit), 0);
}

function count(units: readonly RatioUnit[], isCounted: (unit: RatioUnit) => boolean): number {
  return units.reduce((sum, unit) => sum + (isCounted(unit) ? 1 : 0), 0);
}
