import Type, { type Static } from "typebox";
import { VectorSchema } from "../bytes.ts";
import { DigestSchema } from "../identifiers.ts";

const Count = Type.Integer({ minimum: 0 });

/** Equal bins over confidence 0–1. */
export const confidenceBins = 20;
/** Equal bins over mean luma 0–255. */
export const lumaBins = 32;
/** Bin k counts latencies in [2^k, 2^(k+1)) µs. */
export const latencyBins = 28;

/** Body of a `sketch` record: a mergeable summary of a time window of one release on one device. */
export const SketchBodySchema = Type.Object({
  v: Type.Literal(1),
  release: DigestSchema,
  windowStart: Type.Integer({ minimum: 0 }),
  windowMs: Type.Integer({ minimum: 1 }),
  frames: Count,
  errors: Count,
  /** Of `errors`, as far as their reasons are known. */
  errorReasons: Type.Optional(Type.Record(Type.String({ maxLength: 64 }), Count)),
  dropped: Type.Record(Type.String({ maxLength: 64 }), Count),
  heads: Type.Record(
    Type.String({ maxLength: 64 }),
    Type.Object({
      counts: Type.Array(Count, { maxItems: 4096 }),
      confidence: Type.Array(Count, { minItems: confidenceBins, maxItems: confidenceBins }),
    }),
  ),
  luma: Type.Array(Count, { minItems: lumaBins, maxItems: lumaBins }),
  latency: Type.Array(Count, { minItems: latencyBins, maxItems: latencyBins }),
  embedding: Type.Object({ n: Count, mean: VectorSchema(4096), m2: VectorSchema(4096) }),
});
export type SketchBody = Static<typeof SketchBodySchema>;
