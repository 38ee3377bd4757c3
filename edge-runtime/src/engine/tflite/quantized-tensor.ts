import type { Quantization } from "../engine.ts";

/** An array that quantized or plain values are stored in. */
export type StoredArray = Int8Array | Uint8Array | Int16Array | Int32Array | Float32Array;

const ranges = { int8: [-128, 127], uint8: [0, 255], int16: [-32_768, 32_767] } as const;

/** Stores real numbers by a tensor's parameters, rounding half away from zero as TensorFlow Lite does. */
export function quantizeInto(
  target: StoredArray,
  values: ArrayLike<number>,
  { dtype, scale, zeroPoint }: Quantization,
): void {
  const [lowest, highest] = ranges[dtype];
  for (let index = 0; index < target.length; index += 1) {
    const steps = Math.fround((values[index] as number) / scale);
    const rounded = Math.sign(steps) * Math.round(Math.abs(steps)) + zeroPoint;
    target[index] = Math.min(highest, Math.max(lowest, rounded));
  }
}

/** The real numbers that stored ones stand for. */
export function dequantize(stored: ArrayLike<number>, { scale, zeroPoint }: Quantization): Float32Array<ArrayBuffer> {
  const values = new Float32Array(stored.length);
  for (let index = 0; index < values.length; index += 1)
    values[index] = scale * ((stored[index] as number) - zeroPoint);
  return values;
}
