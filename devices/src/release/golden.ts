import Type, { type Static } from "typebox";
import { BytesSchema } from "../bytes.ts";

/**
 * The golden samples of a release: raw RGB images (HWC, uint8) and what the released variant answered in the hub.
 * probabilities: softmax per head · clear: top-1 is far enough ahead that every processor must agree
 */
export const GoldenSetSchema = Type.Object({
  v: Type.Literal(1),
  width: Type.Integer({ minimum: 1, maximum: 4096 }),
  height: Type.Integer({ minimum: 1, maximum: 4096 }),
  samples: Type.Array(
    Type.Object({
      pixels: BytesSchema(4 * 1024 * 1024),
      clear: Type.Boolean(),
      expected: Type.Record(
        Type.String({ maxLength: 64 }),
        Type.Object({
          index: Type.Integer({ minimum: 0 }),
          probabilities: Type.Array(Type.Number({ minimum: 0, maximum: 1 }), { maxItems: 4096 }),
        }),
      ),
    }),
    { minItems: 1, maxItems: 4096 },
  ),
});
export type GoldenSet = Static<typeof GoldenSetSchema>;
