import Type, { type Static } from "typebox";
import { BytesSchema, ContextSchema, VectorSchema } from "../bytes.ts";
import { DigestSchema } from "../identifiers.ts";
import { AnswersSchema } from "./prediction.ts";

/** The largest image that travels inside a message, in bytes. */
export const inlineImageBytes = 128 * 1024;

/** Why a sample was kept: the scorer or lane, the probability with which it keeps such an input, and its score. */
export const ReasonSchema = Type.Object({
  kind: Type.String({ maxLength: 64 }),
  probability: Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
  score: Type.Optional(Type.Number()),
});
export type Reason = Static<typeof ReasonSchema>;

/**
 * Body of a `sample` record (lanes `audit` and `samples`): one input that was kept.
 * inclusionProbability: probability that such a frame is kept in this record's lane · luma: mean, 0–255
 */
export const SampleBodySchema = Type.Object({
  v: Type.Literal(1),
  release: DigestSchema,
  frame: Type.Integer({ minimum: 1 }),
  at: Type.Integer({ minimum: 0 }),
  image: Type.Object({
    encoding: Type.Enum(["png", "jpeg", "webp"]),
    width: Type.Integer({ minimum: 1, maximum: 16384 }),
    height: Type.Integer({ minimum: 1, maximum: 16384 }),
    lossy: Type.Boolean(),
    bytes: BytesSchema(inlineImageBytes),
  }),
  reasons: Type.Array(ReasonSchema, { minItems: 1, maxItems: 8 }),
  inclusionProbability: Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
  heads: AnswersSchema,
  embedding: VectorSchema(4096),
  luma: Type.Number({ minimum: 0, maximum: 255 }),
  context: ContextSchema,
});
export type SampleBody = Static<typeof SampleBodySchema>;
