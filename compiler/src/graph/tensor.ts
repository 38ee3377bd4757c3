import { CompilerError } from "../errors.ts";
import { bytesPerElement, type DataType } from "./data-type.ts";

/**
 * A constant: little-endian element bytes in row-major order, possibly a view into the file they came from.
 * `strings` holds the elements of a string tensor, whose `bytes` are empty.
 */
export interface Tensor {
  readonly dtype: DataType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
  readonly strings?: readonly Uint8Array[];
}

/** A float32 tensor over the given values; shape defaults to one dimension. */
export function floatTensor(values: ArrayLike<number>, shape: readonly number[] = [values.length]): Tensor {
  return {
    dtype: "float32",
    shape,
    bytes: bytesOf(values instanceof Float32Array ? values : Float32Array.from(values)),
  };
}

/** An int64 tensor over the given integers; shape defaults to one dimension. */
export function int64Tensor(values: readonly (number | bigint)[], shape: readonly number[] = [values.length]): Tensor {
  return { dtype: "int64", shape, bytes: bytesOf(BigInt64Array.from(values, BigInt)) };
}

/** An int8, uint8 or int32 tensor over the given typed array. */
export function integerTensor(
  values: Int8Array | Uint8Array | Int32Array,
  shape: readonly number[] = [values.length],
): Tensor {
  const dtype = values instanceof Int8Array ? "int8" : values instanceof Uint8Array ? "uint8" : "int32";
  return { dtype, shape, bytes: bytesOf(values) };
}

/** A float32 scalar. */
export function floatScalar(value: number): Tensor {
  return floatTensor([value], []);
}

/**
 * The elements of a float32 tensor, without copying where the bytes are aligned.
 * @throws {CompilerError} `invalid-argument` for another element type
 */
export function floatsOf(tensor: Tensor): Float32Array {
  expectType(tensor, "float32");
  const { buffer, byteOffset, byteLength } = aligned(tensor.bytes, 4);
  return new Float32Array(buffer, byteOffset, byteLength / 4);
}

/**
 * The elements of an int64, int32, int8, uint8 or bool tensor as numbers; int64 beyond ±2^53 saturates to that bound.
 * @throws {CompilerError} `invalid-argument` for another element type
 */
export function integersOf(tensor: Tensor): readonly number[] {
  const { buffer, byteOffset, byteLength } = aligned(tensor.bytes, bytesPerElement(tensor.dtype) ?? 1);
  switch (tensor.dtype) {
    case "int64":
      return Array.from(new BigInt64Array(buffer, byteOffset, byteLength / 8), saturated);
    case "int32":
      return Array.from(new Int32Array(buffer, byteOffset, byteLength / 4));
    case "int8":
      return Array.from(new Int8Array(buffer, byteOffset, byteLength));
    case "uint8":
    case "bool":
      return Array.from(tensor.bytes);
    default:
      throw unexpectedType(tensor, "an integer type");
  }
}

/** The number of elements that a shape holds. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** A 64-bit integer as a number, saturating at ±(2^53 − 1): ONNX writes "to the end" as the largest int64. */
export function saturated(value: number | bigint): number {
  const near = Number(value);
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, near));
}

function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function aligned(bytes: Uint8Array, width: number): Uint8Array {
  return bytes.byteOffset % width === 0 ? bytes : new Uint8Array(bytes);
}

function expectType(tensor: Tensor, dtype: DataType): void {
  if (tensor.dtype !== dtype) throw unexpectedType(tensor, dtype);
}

function unexpectedType(tensor: Tensor, expected: string): CompilerError {
  return new CompilerError(
    "invalid-argument",
    `Expected a tensor of ${expected}, but one of ${tensor.dtype} [${tensor.shape.join(", ")}] came; convert it first.`,
  );
}
