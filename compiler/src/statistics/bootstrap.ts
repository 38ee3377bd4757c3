import type { Random } from "./seeded-random.ts";
import type { Interval } from "./small-sample.ts";
import type { RatioUnit } from "./unit.ts";

/** Below this many effective units the percentile bootstrap is too narrow (covers 74 % at 15, 92 % at 30). */
export const bootstrapUnits = 100;
/** Below this many units with the rarer outcome it is too narrow as well, however many units there are. */
export const bootstrapInformativeUnits = 30;
/** How often units are drawn anew. */
export const resamples = 2000;

/** The 95 % percentile interval of the ratio Σ sum / Σ mass, units drawn with replacement. */
export function bootstrapInterval(units: readonly RatioUnit[], random: Random): Interval {
  const sums = Float64Array.from(units, (unit) => unit.sum);
  const masses = Float64Array.from(units, (unit) => unit.mass);
  const ratios = new Float64Array(resamples);
  for (let round = 0; round < resamples; round += 1) ratios[round] = resampledRatio(sums, masses, random);
  return percentileInterval(ratios);
}

/** The central 95 % of resampled values. */
export function percentileInterval(values: Float64Array): Interval {
  const sorted = values.toSorted();
  return [quantile(sorted, 0.025), quantile(sorted, 0.975)];
}

function resampledRatio(sums: Float64Array, masses: Float64Array, random: Random): number {
  const units = sums.length;
  let sum = 0;
  let mass = 0;
  for (let draw = 0; draw < units; draw += 1) {
    const index = Math.floor(random() * units);
    sum += sums[index]!;
    mass += masses[index]!;
  }
  return sum / mass;
}

function quantile(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (position - below);
}
