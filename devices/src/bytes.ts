import Type, { type Static } from "typebox";

/**
 * A byte string of at most `maxBytes` bytes.
 * maxBytes: upper bound, checked when a message is decoded
 */
export function BytesSchema(maxBytes: number) {
  return Type.Refine(
    Type.Unsafe<Uint8Array>({}),
    (value) => value instanceof Uint8Array && value.byteLength <= maxBytes,
    () => `must be at most ${maxBytes} bytes`,
  );
}

/** A vector of float32 with at most `maxLength` finite components. */
export function VectorSchema(maxLength: number) {
  return Type.Refine(
    Type.Unsafe<Float32Array>({}),
    (value) => value instanceof Float32Array && value.length <= maxLength && value.every(Number.isFinite),
    () => `must be a float32 vector of at most ${maxLength} finite components`,
  );
}

/** What travels with a frame: at most 32 short values, such as the track that a device followed. */
export const ContextSchema = Type.Refine(
  Type.Record(
    Type.String({ pattern: "^[A-Za-z0-9_.-]{1,64}$" }),
    Type.Union([Type.String({ maxLength: 256 }), Type.Number(), Type.Boolean()]),
  ),
  (value) => Object.keys(value as object).length <= 32,
  () => "must have at most 32 entries",
);
export type Context = Static<typeof ContextSchema>;
