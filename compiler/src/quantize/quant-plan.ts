/** How a value is held as integers: real = scale · (q − zeroPoint), per channel along `axis` or once for all. */
export interface QuantParameters {
  readonly dtype: "uint8" | "int8" | "int32";
  readonly axis?: number;
  /** One scale, or one per channel of `axis`. */
  readonly scale: Float32Array;
  readonly zeroPoint: number;
  readonly source: QuantSource;
}

/**
 * Where the parameters come from: a calibrated range, another value whose scale is kept, bytes of the image itself
 * (named by `bytes`, exact), a constant's own values (integers up to ±`largest`), or the product of input and weight scales.
 */
export type QuantSource =
  | { readonly kind: "range"; readonly min: number; readonly max: number }
  | { readonly kind: "same-as"; readonly value: string }
  | { readonly kind: "bytes"; readonly bytes: string }
  | { readonly kind: "weight"; readonly largest: number }
  | { readonly kind: "bias" };

/** The annotation from which a variant is lowered: value name → parameters. The graph itself is untouched until then. */
export type QuantPlan = ReadonlyMap<string, QuantParameters>;

/** Parameters of unsigned bytes that span a range holding zero. */
export function bytesSpanning(range: { readonly min: number; readonly max: number }): QuantParameters {
  const scale = Math.fround(Math.max((range.max - range.min) / 255, 1e-30));
  const zeroPoint = Math.min(255, Math.max(0, Math.round(-range.min / scale)));
  return { dtype: "uint8", scale: Float32Array.of(scale), zeroPoint, source: { kind: "range", ...range } };
}
