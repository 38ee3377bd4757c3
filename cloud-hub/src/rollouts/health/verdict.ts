import Type, { type Static } from "typebox";
import { ruleNames } from "./facts.ts";

const Figure = Type.Union([Type.Number(), Type.Null()]);

/**
 * What one rule found. value: harm, in `unit`, above zero when the new release does worse · low: lower bound at the gate's
 * `alpha`, shared by all rules, waves and looks · high: upper bound at its `beta` · harmAbove, healthyBelow: what they are
 * held against · n: predictions of the new release (of the outcomes rule: outcomes) · spread: between devices, one
 * standard deviation of a change
 */
export const RuleVerdictSchema = Type.Object({
  rule: Type.Enum([...ruleNames]),
  title: Type.String(),
  verdict: Type.Enum(["healthy", "harm", "too-little-data"]),
  value: Figure,
  low: Figure,
  high: Figure,
  unit: Type.String(),
  harmAbove: Type.Number(),
  healthyBelow: Type.Number(),
  n: Type.Integer(),
  devices: Type.Object({ treated: Type.Integer(), control: Type.Integer() }),
  spread: Type.Object({ value: Type.Number(), from: Type.Enum(["history", "prior"]), n: Type.Integer() }),
  sentence: Type.String(),
});
export type RuleVerdict = Static<typeof RuleVerdictSchema>;

/** All rules together: harm when one found harm, healthy when every one is healthy and the soak has passed, else wait. */
export const HealthVerdictSchema = Type.Object({
  decision: Type.Enum(["wait", "healthy", "harm"]),
  rules: Type.Array(RuleVerdictSchema),
  sentence: Type.String(),
});
export type HealthVerdict = Static<typeof HealthVerdictSchema>;
