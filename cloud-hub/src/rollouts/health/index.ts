export {
  type DeviceSeries,
  type HealthFacts,
  type HealthWindow,
  type HistorySpread,
  type ReleaseReference,
  type RuleName,
  ruleNames,
  type Spread,
} from "./facts.ts";
export { completeGate, type HealthGate, type HealthGateInput, HealthGateSchema } from "./gate.ts";
export { judgeHealth } from "./judge.ts";
export { estimateSpread } from "./spread.ts";
export { type HealthVerdict, HealthVerdictSchema, type RuleVerdict, RuleVerdictSchema } from "./verdict.ts";
