import type { Figure } from "@fieldloop/devices";
import { CompilerError } from "../errors.ts";
import { percentileInterval, resamples } from "./bootstrap.ts";
import { type FigureOptions, holdsBootstrap } from "./figures.ts";
import { type Random, seededRandom } from "./seeded-random.ts";
import { differenceInterval, type Estimate, estimateOf, type Interval, proportionInterval } from "./small-sample.ts";
import { type PairedUnit, type ProportionUnit, type RatioUnit, ratioOfDifference, ratioOfProportion } from "./unit.ts";

/**
 * Pools the same estimate over several training seeds: the mean over seeds with a 95 % interval.
 * seeds: the units of each seed, shares or paired counts, each with its `unit` name; equal names in several seeds are the
 * same unit and are drawn together. Seeds are resampled, then units; with fewer than 100 units the variances between units
 * and between seeds are added instead. n: number of different units
 * @throws {CompilerError} `invalid-argument` without seeds, without units or where a unit has no name
 */
export function poolSeeds(
  seeds: readonly (readonly ProportionUnit[])[] | readonly (readonly PairedUnit[])[],
  options: FigureOptions = {},
): Figure {
  if (seeds.length === 0)
    throw new CompilerError("invalid-argument", "Expected the units of at least one seed, found none.");
  const isPaired = seeds.some((units) => units.some((unit) => "candidate" in unit));
  const ratios = seeds.map((units) => namedRatios(units, isPaired));
  const values = ratios.map((units) => estimateOf(units).value);
  const value = values.reduce((sum, each) => sum + each, 0) / values.length;
  const merged = mergeByName(ratios);
  const estimate = estimateOf(merged);
  const interval = holdsBootstrap(estimate)
    ? crossedBootstrap(ratios, merged, seededRandom(options.seed ?? 0))
    : addedVariances(merged, estimate, values, isPaired);
  return { value, low: Math.min(value, interval[0]), high: Math.max(value, interval[1]), n: merged.length };
}

function namedRatios(units: readonly (ProportionUnit | PairedUnit)[], isPaired: boolean): RatioUnit[] {
  if (units.some((unit) => unit.unit === undefined)) {
    const why = "the same unit seen by several seeds must be drawn together";
    throw new CompilerError(
      "invalid-argument",
      `Expected every pooled unit to carry its name, found one without; ${why}.`,
    );
  }
  // The flag was read from these very units; a mixture is caught by the count checks.
  return isPaired ? ratioOfDifference(units as PairedUnit[]) : ratioOfProportion(units as ProportionUnit[]);
}

/** One unit per name; sums are averaged over seeds by mass, so that a unit seen by three seeds still counts once. */
function mergeByName(seeds: readonly (readonly RatioUnit[])[]): RatioUnit[] {
  return [...Map.groupBy(seeds.flat(), (unit) => unit.name)].map(([name, members]) => ({
    name,
    sum: members.reduce((sum, unit) => sum + unit.sum, 0) / seeds.length,
    mass: members.reduce((sum, unit) => sum + unit.mass, 0) / seeds.length,
    observations: Math.max(...members.map((unit) => unit.observations)),
    squaredWeight: Math.max(...members.map((unit) => unit.squaredWeight)),
    hasSuccess: members.some((unit) => unit.hasSuccess),
    hasFailure: members.some((unit) => unit.hasFailure),
  }));
}

function crossedBootstrap(
  seeds: readonly (readonly RatioUnit[])[],
  merged: readonly RatioUnit[],
  random: Random,
): Interval {
  const positions = new Map(merged.map((unit, index) => [unit.name, index]));
  const tables = seeds.map((units) => tableOf(units, positions));
  const means = new Float64Array(resamples);
  for (let round = 0; round < resamples; round += 1) {
    const drawn = drawCounts(merged.length, random);
    const chosen = seeds.map(() => tables[Math.floor(random() * tables.length)]!);
    means[round] = chosen.reduce((sum, table) => sum + ratioUnder(table, drawn), 0) / chosen.length;
  }
  return percentileInterval(means);
}

interface SeedTable {
  readonly sums: Float64Array;
  readonly masses: Float64Array;
}

function tableOf(units: readonly RatioUnit[], positions: ReadonlyMap<string, number>): SeedTable {
  const table = { sums: new Float64Array(positions.size), masses: new Float64Array(positions.size) };
  for (const unit of units) {
    const index = positions.get(unit.name)!;
    table.sums[index]! += unit.sum;
    table.masses[index]! += unit.mass;
  }
  return table;
}

function drawCounts(units: number, random: Random): Uint16Array {
  const counts = new Uint16Array(units);
  for (let draw = 0; draw < units; draw += 1) counts[Math.floor(random() * units)]! += 1;
  return counts;
}

function ratioUnder(table: SeedTable, counts: Uint16Array): number {
  let sum = 0;
  let mass = 0;
  for (let index = 0; index < counts.length; index += 1) {
    sum += counts[index]! * table.sums[index]!;
    mass += counts[index]! * table.masses[index]!;
  }
  return sum / mass;
}

function addedVariances(
  merged: readonly RatioUnit[],
  estimate: Estimate,
  values: readonly number[],
  isPaired: boolean,
): Interval {
  const betweenSeeds = varianceOfMean(values);
  if (isPaired) return differenceInterval(merged, betweenSeeds);
  return proportionInterval({ ...estimate, variance: estimate.variance + betweenSeeds });
}

function varianceOfMean(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return squares / (values.length - 1) / values.length;
}
