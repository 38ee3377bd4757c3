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

/**
 * What one run of the loop measured, as `--report FILE` writes it.
 * accuracy: shares right on the tests, null where not compared; `fieldAudited` is v1's from the audit lane ·
 * drift: the detector's scores on old tracks (before) and at dusk (after) · labels.used: answers, `pool` frames they could have gone to ·
 * gate: rule by rule as the hub answered · bytes: the device's uplink and downlink
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
  refusedReleases: Type.Array(RefusalSchema),
  swap: Type.Object({ frames: Count, unanswered: Count }),
  bytes: Type.Object({ up: Count, down: Count }),
  releases: Type.Object({ v1: Type.String(), v2: Type.Union([Type.String(), Type.Null()]) }),
  steps: Type.Array(StepRecordSchema),
});
export type LoopReport = Static<typeof LoopReportSchema>;
