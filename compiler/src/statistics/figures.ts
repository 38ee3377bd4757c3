import type { Figure } from "@fieldloop/devices";
import { bootstrapInformativeUnits, bootstrapInterval, bootstrapUnits } from "./bootstrap.ts";
import { type Random, seededRandom } from "./seeded-random.ts";
import { differenceInterval, type Estimate, estimateOf, proportionInterval } from "./small-sample.ts";
import {
  type PairedUnit,
  type ProportionUnit,
  proportionUnits,
  type RatioUnit,
  ratioOfDifference,
  ratioOfProportion,
} from "./unit.ts";

/** How a figure is computed; equal seeds give equal figures. */
export interface FigureOptions {
  /** Seed of the bootstrap; 0 unless given. */
  readonly seed?: number;
}

/** One input answered by two models. */
export interface AnswerPair {
  readonly unit: string;
  readonly left: string | number;
  readonly right: string | number;
  readonly weight?: number;
}

/**
 * A weighted share with its 95 % interval, clustered by unit: accuracy over tracks, agreement over images.
 * value: Σ weight · successes / Σ weight · total · n: number of units; bootstrapped (2,000 resamples) from 100 units on
 * where at least 30 of them hold the rarer outcome, else a Korn–Graubard interval, which never has zero width
 * @throws {CompilerError} `invalid-argument` without units or with impossible counts
 */
export function proportion(units: readonly ProportionUnit[], options: FigureOptions = {}): Figure {
  const ratio = ratioOfProportion(units);
  const estimate = estimateOf(ratio);
  const interval = holdsBootstrap(estimate)
    ? bootstrapInterval(ratio, randomOf(options))
    : proportionInterval(estimate);
  return figureOf(estimate, interval, ratio);
}

/**
 * Candidate minus incumbent on the same observations, as a share from −1 to 1, with its 95 % interval clustered by unit.
 * n: number of units; bootstrapped from 100 units on where at least 30 are discordant, else a cluster-robust t interval
 * @throws {CompilerError} `invalid-argument` without units or with impossible counts
 */
export function pairedDifference(units: readonly PairedUnit[], options: FigureOptions = {}): Figure {
  const ratio = ratioOfDifference(units);
  const estimate = estimateOf(ratio);
  const interval = holdsBootstrap(estimate) ? bootstrapInterval(ratio, randomOf(options)) : differenceInterval(ratio);
  return figureOf(estimate, interval, ratio);
}

/** The share of inputs to which two models give the same answer, clustered by unit. */
export function agreement(pairs: readonly AnswerPair[], options: FigureOptions = {}): Figure {
  const rows = pairs.map(({ unit, left, right, weight }) => ({ unit, success: left === right, weight }));
  return proportion(proportionUnits(rows), options);
}

/** Whether there is enough of everything for the percentile bootstrap to cover what it says. */
export function holdsBootstrap(estimate: Estimate): boolean {
  return estimate.units >= bootstrapUnits && estimate.informativeUnits >= bootstrapInformativeUnits;
}

function randomOf(options: FigureOptions): Random {
  return seededRandom(options.seed ?? 0);
}

function figureOf(estimate: Estimate, [low, high]: readonly [number, number], units: readonly RatioUnit[]): Figure {
  const { value } = estimate;
  return { value, low: Math.min(low, value), high: Math.max(high, value), n: units.length };
}
