import Type, { type Static } from "typebox";
import { DigestSchema } from "../identifiers.ts";

/** What one head said of one frame: class index, softmax confidence and margin to the runner-up, both in 0–1. */
export const HeadAnswerSchema = Type.Object({
  index: Type.Integer({ minimum: 0, maximum: 65535 }),
  confidence: Type.Number({ minimum: 0, maximum: 1 }),
  margin: Type.Number({ minimum: 0, maximum: 1 }),
});
export type HeadAnswer = Static<typeof HeadAnswerSchema>;

/** Answers by head name. */
export const AnswersSchema = Type.Record(Type.String({ maxLength: 64 }), HeadAnswerSchema);
export type Answers = Static<typeof AnswersSchema>;

/** Body of a `predictions` record: up to 512 answered frames of one release, in frame order. */
export const PredictionsBodySchema = Type.Object({
  v: Type.Literal(1),
  release: DigestSchema,
  items: Type.Array(
    Type.Object({
      frame: Type.Integer({ minimum: 1 }),
      at: Type.Integer({ minimum: 0 }),
      heads: AnswersSchema,
      track: Type.Optional(Type.String({ maxLength: 256 })),
      decision: Type.Optional(Type.String({ maxLength: 256 })),
      latencyUs: Type.Integer({ minimum: 0 }),
    }),
    { maxItems: 512 },
  ),
});
export type PredictionsBody = Static<typeof PredictionsBodySchema>;
