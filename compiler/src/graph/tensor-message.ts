import { CompilerError } from "../errors.ts";
import { externalRange, type ReadExternalData } from "../onnx/external-data.ts";
import type { Int64, Message } from "../onnx/schema.ts";
import { bytesOfElements, bytesPerElement, type DataType, dataTypeNumber, dataTypeOf } from "./data-type.ts";
import { elementCount, saturated, type Tensor } from "./tensor.ts";

const externalLocation = 1;

/**
 * Reads an ONNX tensor; `raw_data` stays a view, typed fields become little-endian bytes, and bytes in another file come
 * from `readExternalData`.
 * @throws {CompilerError} `external-data` when they lie in another file that cannot be read, `malformed-model` when sizes
 *   disagree
 */
export function tensorFromMessage(message: Message<"Tensor">, readExternalData?: ReadExternalData): Tensor {
  const name = message.name ?? "";
  const dtype = dataTypeOf(message.dataType ?? 0);
  const shape = (message.dims ?? []).map(saturated);
  if (message.dataLocation === externalLocation) {
    return { dtype, shape, bytes: externalBytes(message, dtype, shape, readExternalData) };
  }
  if (dtype === "string") return { dtype, shape, bytes: new Uint8Array(0), strings: message.stringData ?? [] };
  const bytes = message.rawData ?? bytesOfTypedFields(message, dtype);
  checkSize(name, dtype, shape, bytes.length);
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

function externalBytes(
  message: Message<"Tensor">,
  dtype: DataType,
  shape: readonly number[],
  readExternalData: ReadExternalData | undefined,
): Uint8Array {
  const name = message.name ?? "";
  const expected = bytesOfElements(dtype, elementCount(shape));
  const range = externalRange(name, message.externalData ?? [], expected);
  // Compared before anything is read, so that a small file cannot ask for much memory.
  checkSize(name, dtype, shape, range.length);
  if (readExternalData !== undefined) return readExternalData(range);
  throw new CompilerError(
    "external-data",
    `Cannot read tensor "${name}": its data lies in "${range.location}"; name the folder of the model, or save it with embedded weights.`,
  );
}

function checkSize(name: string, dtype: DataType, shape: readonly number[], length: number): void {
  const expected = bytesOfElements(dtype, elementCount(shape));
  if (expected === undefined) return;
  if (shape.every((size) => size >= 0) && expected === length) return;
  throw new CompilerError(
    "malformed-model",
    `Cannot read tensor "${name}": ${dtype} [${shape.join(", ")}] needs ${expected} bytes, but ${length} came; the file is damaged.`,
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
