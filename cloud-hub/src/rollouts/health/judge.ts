import type { HealthFacts } from "./facts.ts";
import type { HealthGate } from "./gate.ts";
import type { HealthVerdict } from "./verdict.ts";

/** Judges a rollout's newest wave at one look. */
export function judgeHealth(facts: HealthFacts, gate: HealthGate): HealthVerdict {
  const devices = facts.treated.length;
  return { decision: "wait", rules: [], sentence: `${devices} devices have run for less than ${gate.soakMs} ms.` };
}
