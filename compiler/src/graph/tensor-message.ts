import { CompilerError } from "../errors.ts";
import type { Int64, Message } from "../onnx/schema.ts";
import { bytesPerElement, type DataType, dataTypeNumber, dataTypeOf } from "./data-type.ts";
import { elementCount, saturated, type Tensor } from "./tensor.ts";

const externalLocation = 1;

/**
 * Reads an ONNX tensor; `raw_data` stays a view, typed fields become little-endian bytes.
 * @throws {CompilerError} `external-data` when the weights lie in another file, `malformed-model` when sizes disagree
 */
export function tensorFromMessage(message: Message<"Tensor">): Tensor {
  const name = message.name ?? "";
  if (message.dataLocation === externalLocation) {
    throw new CompilerError(
      "external-data",
      `Cannot read tensor "${name}": its data lies in another file; save the model with embedded weights.`,
    );
  }
  const dtype = dataTypeOf(message.dataType ?? 0);
  const shape = (message.dims ?? []).map(saturated);
  if (dtype === "string") return { dtype, shape, bytes: new Uint8Array(0), strings: message.stringData ?? [] };
  const bytes = message.rawData ?? bytesOfTypedFields(message, dtype);
  checkSize(name, dtype, shape, bytes);
  return { dtype, shape, bytes };
}

/** Writes a tensor as ONNX, always as `raw_data` (strings as `string_data`). */
export function tensorToMessage(name: string | undefined, tensor: Tensor): Message<"Tensor"> {
  return {
    dims: tensor.shape,
    dataType: dataTypeNumber(tensor.dtype),
    ...(name === undefined ? {} : { name }),
    ...(tensor.strings === undefined ? { rawData: tensor.bytes } : { stringData: tensor.strings }),
  };
}

function checkSize(name: string, dtype: DataType, shape: readonly number[], bytes: Uint8Array): void {
  const width = bytesPerElement(dtype);
  if (width === undefined) return;
  const expected = elementCount(shape) * width;
  if (shape.every((size) => size >= 0) && expected === bytes.length) return;
  throw new CompilerError(
    "malformed-model",
    `Cannot read tensor "${name}": ${dtype} [${shape.join(", ")}] needs ${expected} bytes, but ${bytes.length} came; the file is damaged.`,
  );
}

function bytesOfTypedFields(message: Message<"Tensor">, dtype: DataType): Uint8Array {
  const floats = message.floatData;
  const doubles = message.doubleData;
  if (floats !== undefined) return viewOf(Float32Array.from(floats));
  if (doubles !== undefined) return viewOf(Float64Array.from(doubles));
  if (message.int64Data !== undefined) return viewOf(BigInt64Array.from(message.int64Data, wide));
  if (message.uint64Data !== undefined) return bytesOfUnsigned(message.uint64Data, dtype);
  return bytesOfInts(message.int32Data ?? [], dtype);
}

function bytesOfUnsigned(values: readonly Int64[], dtype: DataType): Uint8Array {
  return dtype === "uint32" ? viewOf(Uint32Array.from(values, Number)) : viewOf(BigUint64Array.from(values, wide));
}

function bytesOfInts(values: readonly number[], dtype: DataType): Uint8Array {
  const width = bytesPerElement(dtype);
  if (width === 4) return viewOf(Int32Array.from(values));
  if (width === 2) return viewOf(Int16Array.from(values));
  return viewOf(Int8Array.from(values));
}

function wide(value: Int64): bigint {
  return BigInt(value);
}

function viewOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
