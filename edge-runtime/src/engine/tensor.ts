import { EdgeRuntimeError } from "../errors.ts";

/** The arrays a tensor's values may live in. */
export type TensorData = Float32Array | Float64Array | Uint8Array | Int8Array | Int32Array | BigInt64Array;

const constructors = {
  float32: Float32Array,
  float64: Float64Array,
  uint8: Uint8Array,
  int8: Int8Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
} as const;

/** The element types that cross the engine's door. */
export type TensorDtype = keyof typeof constructors;

/** A dense row-major tensor; `data.length` equals the product of `shape`; a `bool` is one byte. */
export interface Tensor {
  readonly dtype: TensorDtype;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** Says whether a text names an element type that the engine carries. */
export function isTensorDtype(text: unknown): text is TensorDtype {
  return typeof text === "string" && Object.hasOwn(constructors, text);
}

/** The number of elements a shape holds. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

/** The number of bytes a tensor of this type and shape takes. */
export function byteLength(dtype: TensorDtype, shape: readonly number[]): number {
  return elementCount(shape) * constructors[dtype].BYTES_PER_ELEMENT;
}

/** A typed view over bytes that are already in memory; `offset` must be a multiple of the element's size. */
export function tensorView(dtype: TensorDtype, shape: readonly number[], buffer: ArrayBuffer, offset: number): Tensor {
  return { dtype, shape, data: new constructors[dtype](buffer, offset, elementCount(shape)) };
}

/**
 * Checks that a tensor's array fits its declared type and shape.
 * @throws {EdgeRuntimeError} `bad-input`
 */
export function checkTensor(name: string, tensor: Tensor): void {
  const Expected = isTensorDtype(tensor.dtype) ? constructors[tensor.dtype] : undefined;
  if (Expected === undefined || !(tensor.data instanceof Expected)) {
    throw new EdgeRuntimeError(
      "bad-input",
      `Tensor "${name}" says ${String(tensor.dtype)} but its data is ${tensor.data?.constructor?.name}; pass a ${Expected?.name ?? Object.keys(constructors).join(", ")}.`,
    );
  }
  const count = elementCount(tensor.shape);
  if (!tensor.shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0) || count !== tensor.data.length) {
    throw new EdgeRuntimeError(
      "bad-input",
      `Tensor "${name}" of shape [${tensor.shape.join(", ")}] needs ${count} values, but its data holds ${tensor.data.length}.`,
    );
  }
}
