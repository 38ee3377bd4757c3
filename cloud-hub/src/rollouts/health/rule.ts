import type { RuleName } from "./facts.ts";
import type { Period } from "./period.ts";

/**
 * What a rule sees of a period. level: higher is worse · n: observations behind it · variance: of one independent observation
 */
export type Observation = { readonly level: number; readonly n: number; readonly variance: number };

/** What stands in for a history that is not there yet; see docs/decisions/0005. In the rule's inner scale. */
export type Prior = { readonly value: number; readonly alone: number; readonly design: number };

/**
 * A rule of health: how it reads a period, and how its harm is told.
 * observe: `null` where a period tells nothing · count: what its `n` counts · toInner, toUnit: between the unit of the
 * gate and the scale on which differences are taken · tell: harm in words, from its size in `unit`
 */
export type HealthRule = {
  readonly name: RuleName;
  readonly title: string;
  readonly unit: string;
  readonly prior: Prior;
  readonly observe: (period: Period, classShares: readonly number[]) => Observation | null;
  readonly count: (period: Period) => number;
  readonly toInner: (value: number) => number;
  readonly toUnit: (value: number) => number;
  readonly tell: (value: number) => string;
};

/** Nothing to convert: the gate's unit is the scale. */
export const asIs = { toInner: (value: number): number => value, toUnit: (value: number): number => value };

/** The share of bad ones, and a variance that is not zero when none was seen (one of each is added). */
export function shareOf(bad: number, total: number): Observation | null {
  if (total <= 0) return null;
  const cautious = (bad + 1) / (total + 2);
  return { level: bad / total, n: total, variance: cautious * (1 - cautious) };
}

/** A share as percent points, for sentences. */
export const points = (share: number): string =>
  `${(Math.abs(share) * 100).toFixed(Math.abs(share) < 0.1 ? 1 : 0)} points`;
