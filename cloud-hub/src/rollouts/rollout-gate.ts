import { completeGate as completeHealthGate } from "./health/index.ts";
import type { RolloutGate, RolloutGateInput } from "./rollout.ts";

/** Names of outcomes that are bad unless a gate says otherwise. */
export const defaultBadOutcomes = ["bad", "wrong", "failed", "overridden", "false-stop"] as const;

/** Completes a gate with its defaults. @throws {HubError} `bad-request` with everything that its health part gets wrong */
export function completeGate(
  { health, refusals, latecomersMs, badOutcomes }: RolloutGateInput,
  soakMs: number | undefined,
): RolloutGate {
  const completed = completeHealthGate({ ...health, ...(soakMs === undefined ? {} : { soakMs }) });
  return {
    health: completed,
    refusals: { first: refusals?.first ?? 1, later: refusals?.later ?? "5%" },
    latecomersMs: latecomersMs ?? 24 * 3_600_000,
    badOutcomes: badOutcomes ?? [...defaultBadOutcomes],
  };
}
