import { elementCount } from "../graph/tensor.ts";
import type { TfliteTensor } from "./tflite-model.ts";

/** The reals that a constant stands for: floats, halves, or integers at their scale; undefined for anything else. */
export function constantFloats(tensor: TfliteTensor): Float32Array | undefined {
  if (tensor.data === undefined) return undefined;
  const { buffer } = tensor.data.slice();
  switch (tensor.type) {
    case "float32":
      return new Float32Array(buffer);
    case "float16":
      return Float32Array.from(new Float16Array(buffer));
    case "int8":
      return dequantized(tensor, new Int8Array(buffer));
    case "uint8":
      return dequantized(tensor, new Uint8Array(buffer));
    default:
      return undefined;
  }
}

/** The integers of a constant of int32 or int64; undefined for anything else. */
export function constantIntegers({ type, data }: TfliteTensor): readonly number[] | undefined {
  if (data === undefined) return undefined;
  const { buffer } = data.slice();
  if (type === "int32") return Array.from(new Int32Array(buffer));
  return type === "int64" ? Array.from(new BigInt64Array(buffer), Number) : undefined;
}

function dequantized({ shape, quantization }: TfliteTensor, values: Int8Array | Uint8Array): Float32Array | undefined {
  if (quantization === undefined) return undefined;
  const { scale, zeroPoint, axis } = quantization;
  const inner = elementCount(shape.slice(axis + 1));
  return Float32Array.from(values, (value, place) => {
    const channel = scale.length === 1 ? 0 : Math.floor(place / inner) % scale.length;
    return (value - zeroPoint[channel]!) * scale[channel]!;
  });
}
