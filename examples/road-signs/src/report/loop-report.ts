import { FigureSchema, FitCardSchema } from "@fieldloop/devices";
import Type, { type Static } from "typebox";

const Compared = Type.Union([FigureSchema, Type.Null()]);
const Count = Type.Integer({ minimum: 0 });

/** One release that was offered to be refused: what was wrong with it, whether the device refused, and the code and reason. */
export const RefusalSchema = Type.Object({
  what: Type.String(),
  refused: Type.Boolean(),
  code: Type.String(),
  reason: Type.String(),
});
export type Refusal = Static<typeof RefusalSchema>;

/** One step of the story: its place, title, figures as printed, and seconds it took. */
export const StepRecordSchema = Type.Object({
  number: Type.Integer({ minimum: 1 }),
  title: Type.String(),
  figures: Type.Array(Type.String()),
  seconds: Type.Number({ minimum: 0 }),
});
export type StepRecord = Static<typeof StepRecordSchema>;

const Measured = Type.Union([Type.Number(), Type.Null()]);

/** What one health rule found: harm in the rule's own unit beside its limits; n: predictions behind it. */
const RuleRecordSchema = Type.Object({
  title: Type.String(),
  verdict: Type.String(),
  value: Measured,
  low: Measured,
  high: Measured,
  harmAbove: Type.Number(),
  healthyBelow: Type.Number(),
  n: Count,
  sentence: Type.String(),
});

/**
 * One wave of a rollout: who was in it, how it ended (`healthy`, `stopped`, or `waiting`: never opened), from its opening to
 * its verdict in ms, and why.
 */
export const WaveRecordSchema = Type.Object({
  number: Type.Integer({ minimum: 1 }),
  state: Type.String(),
  devices: Type.Array(Type.String()),
  ms: Type.Union([Count, Type.Null()]),
  sentence: Type.Union([Type.String(), Type.Null()]),
  rules: Type.Array(RuleRecordSchema),
});
export type WaveRecord = Static<typeof WaveRecordSchema>;

/** How a rollout of a bad release ended. */
const RolloutEndSchema = Type.Object({
  state: Type.String(),
  cause: Type.Union([Type.String(), Type.Null()]),
  reason: Type.String(),
  waves: Type.Array(WaveRecordSchema),
});
export type RolloutEnd = Static<typeof RolloutEndSchema>;

/**
 * What one run of the loop measured, as `--report FILE` writes it.
 * accuracy: shares right on the tests, null where not compared; `fieldAudited` is v1's from the audit lane ·
 * drift: the detector's scores on old tracks (before) and at dusk (after) · labels.used: answers, `pool` frames they could have gone to ·
 * gate: rule by rule as the hub answered · waves: v2's · brokenRelease: v2a, which cannot start · badRelease: v2b, which starts
 * and is bad, with ms from its first prediction to the hub's decision and to its last prediction (null: it never answered) ·
 * bytes: all devices' uplink and downlink
 */
export const LoopReportSchema = Type.Object({
  data: Type.String(),
  seed: Type.Integer(),
  outcome: Type.Union([Type.Literal("released"), Type.Literal("gate-refused")]),
  accuracy: Type.Object({
    fieldBefore: Compared,
    fieldAfter: Compared,
    fieldAfterUniform: Compared,
    fieldAllLabels: Compared,
    fieldAudited: Compared,
    fieldNearestCentroid: Compared,
    oldBefore: Compared,
    oldAfter: Compared,
    fieldGain: Compared,
    oldGain: Compared,
  }),
  drift: Type.Object({
    before: Type.Number(),
    after: Type.Number(),
    threshold: Type.Number(),
    windowsToAlarm: Type.Union([Count, Type.Null()]),
  }),
  labels: Type.Object({ used: Count, audit: Count, pool: Count, machine: Count, machineRight: Count }),
  gate: Type.Object({ passed: Type.Boolean(), rules: Type.Array(Type.String()) }),
  variants: Type.Array(FitCardSchema),
  devices: Type.Array(
    Type.Object({ device: Type.String(), profile: Type.String(), simulated: Type.Boolean(), target: Type.String() }),
  ),
  refusedReleases: Type.Array(RefusalSchema),
  waves: Type.Array(WaveRecordSchema),
  brokenRelease: Type.Union([Type.Object({ framesAnswered: Count, ...RolloutEndSchema.properties }), Type.Null()]),
  badRelease: Type.Union([
    Type.Object({
      devicesReached: Count,
      predictions: Count,
      stoppedMs: Type.Union([Type.Number(), Type.Null()]),
      rolledBackMs: Type.Union([Type.Number(), Type.Null()]),
      ...RolloutEndSchema.properties,
    }),
    Type.Null(),
  ]),
  swap: Type.Object({ frames: Count, unanswered: Count }),
  bytes: Type.Object({ up: Count, down: Count }),
  releases: Type.Object({ v1: Type.String(), v2: Type.Union([Type.String(), Type.Null()]) }),
  steps: Type.Array(StepRecordSchema),
});
export type LoopReport = Static<typeof LoopReportSchema>;
