import type { FitCard, Profile } from "@fieldloop/devices";
import Type, { type Static } from "typebox";

/**
 * What a variant may cost against fp32 before a person must accept it.
 * maxSlowdown: p50 latency over fp32's (1.1 unless given: measurement noise) · maxLoss: accuracy points lost, as a share
 */
export const BudgetSchema = Type.Object({
  maxSlowdown: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
  maxLoss: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
});
export type Budget = Static<typeof BudgetSchema>;

/** The target that a profile gets, or none, and why, one clause per target looked at. */
export type TargetChoice = { readonly target: string | undefined; readonly why: string };

const referenceTarget = "ort-cpu-fp32";
const defaults = { maxSlowdown: 1.1, maxLoss: 0.01 };

/**
 * Chooses a profile's target: the first of its preference list whose fit card stays within the budget.
 * A variant slower than fp32 is passed over for that reason alone, unless the budget allows it; latency counts only where
 * the measuring machine has the profile's processor, accuracy always. fp32 is the yardstick and always within budget.
 */
export function chooseTarget(
  profile: Profile,
  cards: readonly FitCard[],
  budget: Budget,
  processor: Profile["processor"] = process.arch === "x64" ? "x86-64" : "arm64",
): TargetChoice {
  const byTarget = new Map(cards.map((card) => [card.target, card]));
  const clauses: string[] = [];
  for (const target of profile.targets) {
    const card = byTarget.get(target);
    const objection =
      card === undefined
        ? "has no variant"
        : objectionTo(card, byTarget.get(referenceTarget), budget, profile.processor === processor);
    if (card !== undefined && objection === undefined) {
      return { target, why: [...clauses, `${target} is within its budget${measured(card)}`].join("; ") };
    }
    clauses.push(`${target} ${objection}`);
  }
  return { target: undefined, why: clauses.join("; ") };
}

function objectionTo(
  card: FitCard,
  fp32: FitCard | undefined,
  budget: Budget,
  isSameProcessor: boolean,
): string | undefined {
  if (card.target === referenceTarget) return undefined;
  const { maxSlowdown, maxLoss } = { ...defaults, ...budget };
  if (card.difference !== null && card.difference.value < -maxLoss) {
    return `loses ${points(-card.difference.value)} points of accuracy where ${points(maxLoss)} are allowed`;
  }
  const slowdown = isSameProcessor ? slowdownOf(card, fp32) : undefined;
  if (slowdown !== undefined && slowdown > maxSlowdown) {
    return `takes ${slowdown.toFixed(2)}× the time of fp32 where ${maxSlowdown}× is allowed`;
  }
  return undefined;
}

function slowdownOf(card: FitCard, fp32: FitCard | undefined): number | undefined {
  if (card.latency === null || fp32?.latency == null) return undefined;
  return card.latency.p50Us / fp32.latency.p50Us;
}

function measured(card: FitCard): string {
  return card.latency === null ? "" : ` (p50 ${Math.round(card.latency.p50Us)} µs on ${card.latency.machine.name})`;
}

const points = (share: number): string => (share * 100).toFixed(1);
