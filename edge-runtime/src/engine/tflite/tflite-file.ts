import { EdgeRuntimeError } from "../../errors.ts";
import type { Quantization } from "../engine.ts";
import { FlatBufferError, FlatTable } from "./flat-table.ts";

/** The element types that a TensorFlow Lite file may give its inputs and outputs here. */
export type StoredDtype = "float32" | "int32" | "uint8" | "int8" | "int16" | "bool";

/** An input or output of a TensorFlow Lite file. isFree: whether the file leaves the first dimension open */
export interface TfliteTensor {
  readonly name: string;
  readonly dtype: StoredDtype;
  readonly shape: readonly number[];
  readonly isFree: boolean;
  readonly quantization: Quantization | undefined;
}

/** What a TensorFlow Lite file says of itself at its door. */
export interface TfliteFile {
  readonly inputs: readonly TfliteTensor[];
  readonly outputs: readonly TfliteTensor[];
}

/** Whether bytes carry the file identifier of TensorFlow Lite. */
export function isTflite(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && Buffer.from(bytes.subarray(4, 8)).toString("latin1") === "TFL3";
}

/**
 * Reads inputs, outputs and their quantization parameters, which the wasm does not tell, and refuses what would ask native
 * code for more memory than any device has.
 * @throws {EdgeRuntimeError} `bad-model`
 */
export function readTfliteFile(graph: string, bytes: Uint8Array): TfliteFile {
  if (!isTflite(bytes)) throw refuse(graph, "it does not begin like a TensorFlow Lite file");
  try {
    return describe(graph, FlatTable.root(bytes));
  } catch (cause) {
    if (!(cause instanceof FlatBufferError)) throw cause;
    throw refuse(graph, `it is cut off or broken: ${cause.message}`, cause);
  }
}

// Field numbers and codes: tensorflow/lite/schema/schema.fbs, version 3.
const modelField = { subgraphs: 2 } as const;
const subgraphField = { tensors: 0, inputs: 1, outputs: 2 } as const;
const tensorField = { shape: 0, type: 1, name: 3, quantization: 4, shapeSignature: 7 } as const;
const quantizationField = { scale: 2, zeroPoint: 3 } as const;
const dtypes: Readonly<Record<number, StoredDtype>> = {
  0: "float32",
  2: "int32",
  3: "uint8",
  6: "bool",
  7: "int16",
  9: "int8",
};

const maxTensorElements = 2 ** 28;
const maxTensors = 100_000;

function describe(graph: string, model: FlatTable): TfliteFile {
  const [main] = model.tables(modelField.subgraphs);
  if (main === undefined) throw refuse(graph, "it holds no graph");
  const tensors = main.tables(subgraphField.tensors);
  if (tensors.length > maxTensors) throw refuse(graph, `it holds ${tensors.length} tensors`);
  for (const tensor of tensors) requireSize(graph, tensor);
  const named = (field: number) =>
    main.int32s(field).map((index) => {
      const tensor = tensors[index];
      if (tensor === undefined) throw refuse(graph, `it names tensor ${index} of ${tensors.length} as input or output`);
      return describeTensor(graph, tensor);
    });
  return { inputs: named(subgraphField.inputs), outputs: named(subgraphField.outputs) };
}

function requireSize(graph: string, tensor: FlatTable): void {
  const shape = tensor.int32s(tensorField.shape);
  const elements = shape.reduce((product, dim) => product * dim, 1);
  if (shape.every((dim) => dim >= 0) && elements <= maxTensorElements) return;
  throw refuse(graph, `its tensor "${tensor.text(tensorField.name)}" has shape [${shape.slice(0, 8).join(", ")}]`);
}

function describeTensor(graph: string, tensor: FlatTable): TfliteTensor {
  const name = tensor.text(tensorField.name);
  const code = tensor.int8(tensorField.type, 0);
  const dtype = dtypes[code];
  if (dtype === undefined) throw refuse(graph, `its port "${name}" has element type ${code}, which no engine carries`);
  return {
    name,
    dtype,
    shape: tensor.int32s(tensorField.shape),
    isFree: tensor.int32s(tensorField.shapeSignature)[0] === -1,
    quantization: quantizationOf(graph, name, dtype, tensor.table(tensorField.quantization)),
  };
}

function quantizationOf(
  graph: string,
  name: string,
  dtype: StoredDtype,
  parameters: FlatTable | undefined,
): Quantization | undefined {
  const scales = parameters?.float32s(quantizationField.scale) ?? [];
  const isInteger = dtype === "int8" || dtype === "uint8" || dtype === "int16";
  if (scales.length === 0 || !isInteger) return undefined;
  const [scale = 0] = scales;
  const [zeroPoint = 0] = parameters?.int64s(quantizationField.zeroPoint) ?? [];
  if (scales.length > 1 || !(scale > 0 && Number.isFinite(scale)) || Math.abs(zeroPoint) > 65_535)
    throw refuse(graph, `its port "${name}" is quantized by ${scales.length} scales, the first ${scale}`);
  return { dtype, scale, zeroPoint };
}

function refuse(graph: string, why: string, cause?: unknown): EdgeRuntimeError {
  return new EdgeRuntimeError(
    "bad-model",
    `Graph "${graph}" does not load as TensorFlow Lite: ${why}; compile it again.`,
    {
      cause,
    },
  );
}
