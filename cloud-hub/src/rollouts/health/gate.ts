import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { HubError } from "../../errors.ts";
import { type RuleName, ruleNames } from "./facts.ts";

/** Limits of one rule, in its own unit: harm is proven above `harmAbove`, health below `healthyBelow`. */
const limits = (unit: string, harmAbove: number, healthyBelow: number) =>
  Type.Object(
    {
      enabled: Type.Boolean({ default: true }),
      harmAbove: Type.Number({ default: harmAbove, description: unit }),
      healthyBelow: Type.Number({ default: healthyBelow, description: unit }),
    },
    { additionalProperties: false },
  );

/**
 * The health gate of a rollout. Everything has a default.
 * alpha: share of harmless releases that may be stopped for harm, over all rules, waves and looks · beta: share of releases
 * worse than `healthyBelow` that may pass for healthy · soakMs: how long the newest wave runs at least before it may be
 * healthy · leastReporting: share of the newest wave's devices that must have soaked · beforeMs: how far back a device's
 * own past reaches · requireOutcomes: whether a fleet that reports no outcomes at all has too little data · rules: limits
 */
export const HealthGateSchema = Type.Object(
  {
    alpha: Type.Number({ exclusiveMinimum: 0, maximum: 0.2, default: 0.01 }),
    beta: Type.Number({ exclusiveMinimum: 0, maximum: 0.2, default: 0.05 }),
    soakMs: Type.Integer({ minimum: 0, maximum: 30 * 86_400_000, default: 15_000 }),
    leastReporting: Type.Number({ exclusiveMinimum: 0, maximum: 1, default: 0.5 }),
    beforeMs: Type.Integer({ minimum: 1000, maximum: 30 * 86_400_000, default: 600_000 }),
    requireOutcomes: Type.Boolean({ default: false }),
    rules: Type.Object(
      {
        confidence: limits("mean confidence lost, 0–1", 0.03, 0.3),
        mix: limits("total variation farther from the reference, 0–1", 0.15, 0.6),
        errors: limits("share of frames, 0–1", 0.005, 0.05),
        drops: limits("share of frames, 0–1", 0.05, 0.25),
        latency: limits("times as slow", 1.2, 4),
        restarts: limits("restarts per device and hour", 1, 1200),
        outcomes: limits("share of outcomes that are bad, 0–1", 0.02, 0.25),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
);

/** A complete gate. */
export type HealthGate = Static<typeof HealthGateSchema>;

type RuleLimits = HealthGate["rules"][RuleName];

/** A gate as people write it: what has a default may be left out, down to single limits of a rule. */
export type HealthGateInput = Partial<Omit<HealthGate, "rules">> & {
  readonly rules?: Partial<Record<RuleName, Partial<RuleLimits>>>;
};

const validator = Compile(HealthGateSchema);

/**
 * Completes a gate with its defaults.
 * @throws {HubError} `bad-request` with every problem at once, also where a rule's limits contradict each other
 */
export function completeGate(input: unknown = {}): HealthGate {
  const gate = withDefaults(HealthGateSchema, input);
  if (!validator.Check(gate)) {
    throw refusal([...validator.Errors(gate)].map((error) => `${error.instancePath || "/"} ${error.message}`));
  }
  const crossed = ruleNames.filter((rule) => gate.rules[rule].healthyBelow <= gate.rules[rule].harmAbove);
  if (crossed.length > 0) {
    throw refusal(crossed.map((rule) => `/rules/${rule} has healthyBelow at or under harmAbove, so nothing decides`));
  }
  return gate;
}

function refusal(problems: readonly string[]): HubError {
  return new HubError("bad-request", `Expected a health gate, but ${problems.join("; ")}; correct it and start again.`);
}

type Described = { readonly default?: unknown; readonly properties?: unknown };

function withDefaults(schema: Described, value: unknown): unknown {
  if (schema.properties === undefined) return value === undefined ? schema.default : value;
  if (value !== undefined && (typeof value !== "object" || value === null)) return value;
  const given: Readonly<Record<string, unknown>> = { ...value };
  const parts = Object.entries(schema.properties as Record<string, Described>); // properties of a schema are schemas
  return { ...given, ...Object.fromEntries(parts.map(([key, part]) => [key, withDefaults(part, given[key])])) };
}
