import { DigestSchema, IdentifierSchema } from "@fieldloop/devices";
import Type, { type Static, type TSchema } from "typebox";
import { HealthGateSchema, RuleVerdictSchema } from "./health/index.ts";

const Nullable = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);
const At = Type.Integer({ minimum: 0 });
const Milliseconds = Type.Integer({ minimum: 1000, maximum: 90 * 24 * 3_600_000 });

/**
 * How many devices a wave asks: a number of devices of its own, or "N%": how much of the group has been asked once the wave
 * is open. Together the waves must reach every device, so the last is "100%" or the count of the rest.
 */
export const WaveShareSchema = Type.Union([
  Type.Integer({ minimum: 1, maximum: 1_000_000 }),
  Type.String({ pattern: "^[0-9]{1,3}(\\.[0-9]{1,2})?%$" }),
]);
export type WaveShare = Static<typeof WaveShareSchema>;

/**
 * What a rollout is judged by, where it differs from the defaults.
 * health: margins and times of the health rules · refusals: how many devices that refuse or roll back stop it, in its first
 * wave (1) and in later ones (5%), as a count or a percent of the wave · latecomersMs: how long after its last wave it waits
 * for devices that were away (24 h) · badOutcomes: the names of outcomes that are bad
 */
export const RolloutGateInputSchema = Type.Object(
  {
    health: Type.Optional(Type.Record(Type.String({ maxLength: 64 }), Type.Unknown())),
    refusals: Type.Optional(
      Type.Object(
        { first: Type.Optional(WaveShareSchema), later: Type.Optional(WaveShareSchema) },
        { additionalProperties: false },
      ),
    ),
    latecomersMs: Type.Optional(Milliseconds),
    badOutcomes: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 64 })),
  },
  { additionalProperties: false },
);
export type RolloutGateInput = Static<typeof RolloutGateInputSchema>;

/** A gate with everything it leaves to the defaults. */
export const RolloutGateSchema = Type.Object({
  health: HealthGateSchema,
  refusals: Type.Object({ first: WaveShareSchema, later: WaveShareSchema }),
  latecomersMs: Type.Integer(),
  badOutcomes: Type.Array(Type.String()),
});
export type RolloutGate = Static<typeof RolloutGateSchema>;

/** A rollout to start. group: `all` is every enrolled device · waves: canary, a quarter, all unless given */
export const NewRolloutSchema = Type.Object({
  release: DigestSchema,
  group: IdentifierSchema,
  waves: Type.Optional(Type.Array(WaveShareSchema, { minItems: 1, maxItems: 32 })),
  soakMs: Type.Optional(Milliseconds),
  longestSoakMs: Type.Optional(Milliseconds),
  gate: Type.Optional(RolloutGateInputSchema),
});
export type NewRollout = Static<typeof NewRolloutSchema>;

/** What all rules said of a wave at one moment (ms since 1970, hub time). */
export const VerdictSchema = Type.Object({
  decision: Type.Enum(["wait", "healthy", "harm"]),
  at: At,
  sentence: Type.String(),
  rules: Type.Array(RuleVerdictSchema),
});
export type Verdict = Static<typeof VerdictSchema>;

/**
 * A device of a rollout. previous: the release that it goes back to · number: of the last desired state that the rollout gave
 * it · state: `waiting` not asked yet, `offered` asked, `running` it answers by the release, `refused` it did not take it or
 * fell back by itself, `returned` sent back to its previous release, `left` taken out by hand or revoked
 */
export const RolloutDeviceSchema = Type.Object({
  device: Type.String(),
  profile: Type.String(),
  state: Type.Enum(["waiting", "offered", "running", "refused", "returned", "left"]),
  previous: Nullable(Type.String()),
  number: Nullable(Type.Integer()),
  offeredAt: Nullable(At),
  firstPredictionAt: Nullable(At),
  returnedAt: Nullable(At),
  reason: Nullable(Type.String()),
});
export type RolloutDevice = Static<typeof RolloutDeviceSchema>;

/** A wave. share: as it was asked for · verdict: the newest of its rules */
export const WaveSchema = Type.Object({
  number: Type.Integer({ minimum: 1 }),
  share: Type.String(),
  state: Type.Enum(["waiting", "open", "healthy", "stopped"]),
  openedAt: Nullable(At),
  decidedAt: Nullable(At),
  devices: Type.Array(RolloutDeviceSchema),
  verdict: Nullable(VerdictSchema),
});
export type Wave = Static<typeof WaveSchema>;

/** One step that a rollout took, with its reason in a sentence. by: who, where a person did */
export const RolloutStepNoteSchema = Type.Object({
  step: Type.Integer({ minimum: 1 }),
  at: At,
  kind: Type.String(),
  sentence: Type.String(),
  by: Nullable(Type.String()),
});
export type RolloutStepNote = Static<typeof RolloutStepNoteSchema>;

/**
 * A release on its way through a group. previous: the release that each device goes back to · step: counts its decisions ·
 * cause: why it ended short · reason: the newest step's sentence · steps: the newest hundred, oldest first
 */
export const RolloutSchema = Type.Object({
  id: Type.String(),
  release: Type.String(),
  group: Type.String(),
  previous: Type.Record(Type.String(), Nullable(Type.String())),
  state: Type.Enum(["running", "paused", "completed", "stopped", "aborted"]),
  cause: Nullable(Type.Enum(["harm", "cannot-start", "too-little-data", "aborted"])),
  by: Type.String(),
  createdAt: At,
  resumedAt: At,
  endedAt: Nullable(At),
  reason: Type.String(),
  soakMs: Type.Integer(),
  longestSoakMs: Type.Integer(),
  gate: RolloutGateSchema,
  step: Type.Integer({ minimum: 0 }),
  waves: Type.Array(WaveSchema),
  steps: Type.Array(RolloutStepNoteSchema),
});
export type Rollout = Static<typeof RolloutSchema>;

/** Why a person pauses, resumes or aborts. */
export const RolloutCommandSchema = Type.Object({
  reason: Type.Optional(Type.String({ minLength: 1, maxLength: 1000 })),
});
