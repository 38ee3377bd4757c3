import Type, { type Static } from "typebox";
import { FitCardSchema } from "../fit-card.ts";
import { DigestSchema, IdentifierSchema } from "../identifiers.ts";

/** A content-addressed file of a release. */
export const BlobReferenceSchema = Type.Object({
  digest: DigestSchema,
  bytes: Type.Integer({ minimum: 1, maximum: 4 * 1024 ** 3 }),
});
export type BlobReference = Static<typeof BlobReferenceSchema>;

/** Versioned preprocessing that training, calibration, evaluation and devices share. */
export const PreprocessSpecSchema = Type.Object({
  operator: Type.Literal("resize-rgb"),
  version: Type.Literal(1),
  width: Type.Integer({ minimum: 1, maximum: 4096 }),
  height: Type.Integer({ minimum: 1, maximum: 4096 }),
});
export type PreprocessSpec = Static<typeof PreprocessSpecSchema>;

/**
 * One learned part of a pipeline: the backbone, or a head on its embedding.
 * interface: the hash that a backbone offers and a head needs · variants: one file per target
 */
export const ComponentSchema = Type.Object({
  name: IdentifierSchema,
  role: Type.Enum(["backbone", "head"]),
  interface: DigestSchema,
  classes: Type.Optional(Type.Array(Type.String({ maxLength: 200 }), { minItems: 2, maxItems: 4096 })),
  variants: Type.Record(Type.String({ pattern: "^[a-z0-9][a-z0-9_-]{0,63}$" }), BlobReferenceSchema),
});
export type Component = Static<typeof ComponentSchema>;

/** A rule over a head's answers: the class must lead by `minConfidence` in `frames` consecutive frames of a track. */
export const RuleSchema = Type.Object({
  name: IdentifierSchema,
  head: IdentifierSchema,
  minConfidence: Type.Number({ minimum: 0, maximum: 1 }),
  frames: Type.Integer({ minimum: 1, maximum: 1000 }),
});
export type Rule = Static<typeof RuleSchema>;

/** A step of the pipeline, in order: decode → preprocess → backbone → heads → rules → sample → sink. */
export const StepSchema = Type.Union([
  Type.Object({ kind: Type.Literal("decode") }),
  Type.Object({ kind: Type.Literal("preprocess"), spec: PreprocessSpecSchema }),
  Type.Object({ kind: Type.Literal("backbone"), component: IdentifierSchema }),
  Type.Object({ kind: Type.Literal("heads"), components: Type.Array(IdentifierSchema, { minItems: 1, maxItems: 64 }) }),
  Type.Object({ kind: Type.Literal("rule"), rule: RuleSchema }),
  Type.Object({ kind: Type.Literal("sample") }),
  Type.Object({ kind: Type.Literal("sink") }),
]);
export type Step = Static<typeof StepSchema>;

/**
 * What devices report and keep.
 * audit.rate: uniform share by keyed hash (key: 32 hex digits) · scorers: in order, each within a byte budget
 */
export const SamplingPolicySchema = Type.Object({
  predictions: Type.Enum(["all", "changes", "none"]),
  sketchWindowMs: Type.Integer({ minimum: 1000, maximum: 3_600_000 }),
  audit: Type.Object({
    rate: Type.Number({ minimum: 0, maximum: 1 }),
    key: Type.String({ pattern: "^[0-9a-f]{32}$" }),
  }),
  scorers: Type.Array(
    Type.Object({
      kind: Type.Enum(["uncertainty"]),
      head: IdentifierSchema,
      bytesPerSecond: Type.Integer({ minimum: 0 }),
      burstBytes: Type.Integer({ minimum: 0 }),
    }),
    { maxItems: 8 },
  ),
});
export type SamplingPolicy = Static<typeof SamplingPolicySchema>;

/** How golden samples are judged: top-1 must agree on clear samples, probabilities within `tolerance` (0–1) on all. */
export const GoldenReferenceSchema = Type.Object({
  blob: BlobReferenceSchema,
  samples: Type.Integer({ minimum: 1, maximum: 4096 }),
  tolerance: Type.Number({ minimum: 0, maximum: 1 }),
});

/**
 * What a kind of machine gets of a release.
 * fallbacks: targets to run, in order, where no engine of the device takes the first (a server that is not there)
 */
const ProfileTargetsSchema = Type.Object({
  target: IdentifierSchema,
  fallbacks: Type.Optional(Type.Array(IdentifierSchema, { maxItems: 4 })),
});

/** What a device runs: immutable; its digest is that of its canonical bytes. */
export const ReleaseManifestSchema = Type.Object({
  v: Type.Literal(1),
  kind: Type.Literal("release"),
  fleet: IdentifierSchema,
  model: IdentifierSchema,
  version: DigestSchema,
  createdAt: Type.Integer({ minimum: 0 }),
  pipeline: Type.Array(StepSchema, { minItems: 1, maxItems: 64 }),
  components: Type.Array(ComponentSchema, { minItems: 1, maxItems: 64 }),
  profiles: Type.Record(IdentifierSchema, ProfileTargetsSchema),
  fitCards: Type.Array(FitCardSchema, { maxItems: 64 }),
  golden: GoldenReferenceSchema,
  policy: SamplingPolicySchema,
  accepted: Type.Optional(
    Type.Object({ by: Type.String({ maxLength: 200 }), reason: Type.String({ maxLength: 1000 }) }),
  ),
});
export type ReleaseManifest = Static<typeof ReleaseManifestSchema>;
