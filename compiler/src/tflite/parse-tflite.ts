import { CompilerError } from "../errors.ts";
import { bytesPerElement } from "../graph/data-type.ts";
import { elementCount } from "../graph/tensor.ts";
import { operatorName } from "./builtin-operators.ts";
import { readFlatbuffer } from "./flatbuffer/read-flatbuffer.ts";
import { optionTables, type Table } from "./flatbuffer/schema.ts";
import { typeOfTflite } from "./tensor-types.ts";
import type { TfliteModel, TfliteOperator, TfliteOptions, TfliteQuantization, TfliteTensor } from "./tflite-model.ts";

const schemaVersion = 3;
const mostSizes = 8;
/** What all tensors of a model may take together: far above any model for a device, far below a machine's memory. */
const mostTensorBytes = 2 ** 31;

/**
 * Reads the first graph of a TFLite file; constants stay views into it. Places, shapes, sizes and order are checked here, so
 * that whoever gets the model need not look again.
 * @throws {CompilerError} `malformed-model`, `external-data`, `unsupported-operator` for sparse constants
 */
export function parseTflite(bytes: Uint8Array): TfliteModel {
  const model = readFlatbuffer(bytes);
  if (model.version !== schemaVersion) throw malformed(`schema version ${schemaVersion}`, `version ${model.version}`);
  const graph = model.subgraphs?.[0];
  if (graph === undefined) throw malformed("a graph", "none");
  const tensors = (graph.tensors ?? []).map((tensor, place) => tensorFrom(tensor, place, model.buffers ?? []));
  const codes = model.operatorCodes ?? [];
  const parsed: TfliteModel = {
    name: graph.name ?? "",
    description: model.description ?? "",
    tensors,
    inputs: graph.inputs ?? [],
    outputs: graph.outputs ?? [],
    operators: (graph.operators ?? []).map((operator) => operatorFrom(operator, codes)),
  };
  checkMemory(tensors);
  checkOrder(parsed);
  return parsed;
}

function tensorFrom(table: Table<"Tensor">, place: number, buffers: readonly Table<"Buffer">[]): TfliteTensor {
  const name = table.name ?? `tensor ${place}`;
  const type = typeOfTflite(table.type ?? 0);
  if (type === undefined)
    throw malformed(`an element type of numbers for tensor "${name}"`, `type ${table.type}; leave such tensors out`);
  const shape = table.shape ?? [];
  const signature = table.shapeSignature;
  if (shape.length > mostSizes || shape.some((size) => size < 0))
    throw malformed(`at most ${mostSizes} sizes of zero or more for tensor "${name}"`, `[${shape}]`);
  if (signature !== undefined && signature.length !== 0 && signature.length !== shape.length)
    throw malformed(`a signature of ${shape.length} sizes for tensor "${name}"`, `[${signature}]`);
  const quantization = table.quantization && quantizationFrom(name, shape, table.quantization);
  const data = dataOf(table, name, buffers);
  const tensor: TfliteTensor = {
    name,
    type,
    shape,
    ...(signature === undefined || signature.length === 0 ? {} : { signature }),
    ...(quantization === undefined ? {} : { quantization }),
    ...(data === undefined ? {} : { data }),
  };
  if (data !== undefined && type !== "string" && data.length !== byteCount(tensor))
    throw malformed(`${byteCount(tensor)} bytes for ${type} [${shape}] in tensor "${name}"`, `${data.length}`);
  return tensor;
}

function dataOf(
  { buffer = 0, sparsity }: Table<"Tensor">,
  name: string,
  buffers: readonly Table<"Buffer">[],
): Uint8Array | undefined {
  const found = buffers[buffer];
  if (found === undefined) throw malformed(`buffer ${buffer} of tensor "${name}"`, `${buffers.length} buffers`);
  if ((found.offset ?? 0) > 1) {
    throw new CompilerError(
      "external-data",
      `Cannot read tensor "${name}": its data lies behind the tables of a file above 2 GB; convert a smaller model.`,
    );
  }
  if (found.data === undefined || found.data.length === 0) return undefined;
  if (sparsity === undefined) return found.data;
  throw new CompilerError(
    "unsupported-operator",
    `Cannot read tensor "${name}": its data is stored sparsely; convert the model without sparsity.`,
  );
}

function quantizationFrom(
  name: string,
  shape: readonly number[],
  { scale, zeroPoint = [], axis = 0 }: Table<"Quantization">,
): TfliteQuantization | undefined {
  if (scale === undefined || scale.length === 0) return undefined;
  const zeroPoints = zeroPoint.length === 0 ? Array.from(scale, () => 0) : zeroPoint;
  const isPerAxis = scale.length > 1;
  const fits = zeroPoints.length === scale.length && (!isPerAxis || shape[axis] === scale.length);
  if (!fits || scale.some((each) => !(each > 0 && Number.isFinite(each)))) {
    throw malformed(
      `positive scales and as many zero points for tensor "${name}", one or one per slice`,
      `${scale.length} and ${zeroPoints.length} for [${shape}] along axis ${axis}`,
    );
  }
  return { scale, zeroPoint: zeroPoints, axis };
}

function operatorFrom(table: Table<"Operator">, codes: readonly Table<"OperatorCode">[]): TfliteOperator {
  const code = codes[table.codeIndex ?? 0];
  if (code === undefined) throw malformed(`operator code ${table.codeIndex}`, `${codes.length} codes`);
  const op = operatorName(Math.max(code.code ?? 0, code.shortCode ?? 0));
  return {
    op: op === "CUSTOM" ? `CUSTOM "${code.customCode ?? ""}"` : op,
    version: code.version ?? 1,
    inputs: table.inputs ?? [],
    outputs: table.outputs ?? [],
    options: optionsFrom(table),
  };
}

function optionsFrom({ optionsType = 0, options }: Table<"Operator">): TfliteOptions {
  const tables: Readonly<Record<number, string>> = optionTables;
  const kind = tables[optionsType];
  // The table was read by the schema that this kind names.
  return kind === undefined ? { kind: "none" } : ({ kind, ...options } as TfliteOptions);
}

function checkMemory(tensors: readonly TfliteTensor[]): void {
  const bytes = tensors.reduce((sum, tensor) => sum + byteCount(tensor), 0);
  if (bytes > mostTensorBytes)
    throw malformed(`tensors of at most ${mostTensorBytes} bytes together`, `${bytes}; use a smaller model`);
}

function checkOrder({ tensors, inputs, outputs, operators }: TfliteModel): void {
  const known = new Set(inputs);
  for (const [place, tensor] of tensors.entries()) if (tensor.data !== undefined) known.add(place);
  for (const place of inputs) expectTensor(tensors, place, "an input of the graph");
  for (const { op, inputs: reads, outputs: makes } of operators) {
    for (const place of reads) {
      if (place === -1) continue;
      expectTensor(tensors, place, `an input of ${op}`);
      if (!known.has(place) && elementCount(tensors[place]!.shape) > 0)
        throw malformed(`tensor "${tensors[place]!.name}" to exist before ${op} reads it`, "nothing that makes it");
    }
    for (const place of makes) {
      expectTensor(tensors, place, `an output of ${op}`);
      if (known.has(place)) throw malformed(`"${tensors[place]!.name}" to be made once`, `${op} making it again`);
      known.add(place);
    }
  }
  for (const place of outputs) {
    expectTensor(tensors, place, "an output of the graph");
    if (!known.has(place)) throw malformed(`output "${tensors[place]!.name}" to be made`, "nothing that makes it");
  }
}

function expectTensor(tensors: readonly TfliteTensor[], place: number, role: string): void {
  if (tensors[place] === undefined) throw malformed(`tensor ${place} as ${role}`, `${tensors.length} tensors`);
}

function byteCount({ type, shape }: TfliteTensor): number {
  return elementCount(shape) * (bytesPerElement(type) ?? 0);
}

function malformed(expected: string, instead: string): CompilerError {
  return new CompilerError(
    "malformed-model",
    `Cannot read the TFLite file: expected ${expected}, found ${instead}; convert the model again.`,
  );
}
