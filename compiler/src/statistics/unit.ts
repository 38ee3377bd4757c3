import { CompilerError } from "../errors.ts";

/**
 * What one independent unit (a track, a clip, a device) contributed to a share.
 * successes of total observations; weight: what each observation stands for, 1 unless given (inverse inclusion
 * probability); unit: its name, needed only where several seeds saw the same units
 */
export interface ProportionUnit {
  readonly unit?: string;
  readonly successes: number;
  readonly total: number;
  readonly weight?: number;
}

/** What one independent unit contributed to a comparison of two models on the same observations. */
export interface PairedUnit {
  readonly unit?: string;
  readonly candidate: number;
  readonly incumbent: number;
  readonly total: number;
  readonly weight?: number;
  /** Observations on which exactly one of the two was right; at least |candidate − incumbent|, which is the default. */
  readonly discordant?: number;
}

/** One judged observation, before grouping. */
export interface ProportionObservation {
  readonly unit: string;
  readonly success: boolean;
  readonly weight?: number;
}

/** One observation judged for two models, before grouping. */
export interface PairedObservation {
  readonly unit: string;
  readonly candidate: boolean;
  readonly incumbent: boolean;
  readonly weight?: number;
}

/** Groups judged observations by their independent unit, in order of first appearance; weights may differ within one. */
export function proportionUnits(observations: readonly ProportionObservation[]): ProportionUnit[] {
  return groups(observations).map(([unit, members]) => {
    const mass = sumOf(members, weightOf);
    const successes = sumOf(members, (row) => (row.success ? weightOf(row) : 0));
    const weight = mass / members.length;
    return { unit, successes: successes / weight, total: members.length, weight };
  });
}

/** Groups paired observations by their independent unit, in order of first appearance; weights may differ within one. */
export function pairedUnits(observations: readonly PairedObservation[]): PairedUnit[] {
  return groups(observations).map(([unit, members]) => {
    const weight = sumOf(members, weightOf) / members.length;
    const share = (isCounted: (row: PairedObservation) => boolean) =>
      sumOf(members, (row) => (isCounted(row) ? weightOf(row) : 0)) / weight;
    return {
      unit,
      candidate: share((row) => row.candidate),
      incumbent: share((row) => row.incumbent),
      discordant: share((row) => row.candidate !== row.incumbent),
      total: members.length,
      weight,
    };
  });
}

/** A unit of a ratio estimate: its weighted sum over its weighted size, and whether it holds the rarer outcome. */
export interface RatioUnit {
  readonly name: string;
  readonly sum: number;
  readonly mass: number;
  readonly observations: number;
  readonly squaredWeight: number;
  readonly hasSuccess: boolean;
  readonly hasFailure: boolean;
}

/** Turns shares into ratio units; checks that every count is possible. @throws {CompilerError} `invalid-argument` */
export function ratioOfProportion(units: readonly ProportionUnit[]): RatioUnit[] {
  return nonEmpty(units).map((unit, index) => {
    const slack = 1e-9 * unit.total;
    check(unit.successes >= 0 && unit.successes <= unit.total + slack, index, `${unit.successes} of ${unit.total}`);
    const hasFailure = unit.successes < unit.total - slack;
    return { ...ratioUnit(unit, unit.successes, index), hasSuccess: unit.successes > 0, hasFailure };
  });
}

/** Turns paired counts into ratio units of the difference; "success" means that some pair was discordant. */
export function ratioOfDifference(units: readonly PairedUnit[]): RatioUnit[] {
  return nonEmpty(units).map((unit, index) => {
    const slack = 1e-9 * unit.total;
    for (const right of [unit.candidate, unit.incumbent]) {
      check(right >= 0 && right <= unit.total + slack, index, `${right} of ${unit.total}`);
    }
    const difference = unit.candidate - unit.incumbent;
    const hasSuccess = (unit.discordant ?? Math.abs(difference)) > 0;
    return { ...ratioUnit(unit, difference, index), hasSuccess, hasFailure: hasSuccess };
  });
}

function ratioUnit(
  unit: ProportionUnit | PairedUnit,
  sum: number,
  index: number,
): Omit<RatioUnit, "hasSuccess" | "hasFailure"> {
  const weight = unit.weight ?? 1;
  check(unit.total > 0 && Number.isFinite(unit.total), index, `a total of ${unit.total}`);
  check(weight > 0 && Number.isFinite(weight), index, `a weight of ${weight}`);
  return {
    name: unit.unit ?? String(index),
    sum: weight * sum,
    mass: weight * unit.total,
    observations: unit.total,
    squaredWeight: weight * weight * unit.total,
  };
}

function check(isFine: boolean, index: number, found: string): void {
  if (isFine) return;
  const expected = "Expected 0 ≤ successes ≤ total, total > 0 and weight > 0";
  throw new CompilerError(
    "invalid-argument",
    `${expected} in unit ${index}, found ${found}; drop or correct that unit.`,
  );
}

function nonEmpty<T>(units: readonly T[]): readonly T[] {
  if (units.length > 0) return units;
  throw new CompilerError(
    "invalid-argument",
    "Expected at least one unit to estimate from, found none; judge some inputs first.",
  );
}

function groups<R extends { readonly unit: string }>(rows: readonly R[]): (readonly [string, readonly R[]])[] {
  return [...Map.groupBy(rows, (row) => row.unit)];
}

function weightOf(row: { readonly weight?: number }): number {
  return row.weight ?? 1;
}

function sumOf<T>(items: readonly T[], amount: (item: T) => number): number {
  return items.reduce((sum, item) => sum + amount(item), 0);
}
