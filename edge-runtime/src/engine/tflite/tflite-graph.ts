import { readFileSync } from "node:fs";
import { EdgeRuntimeError } from "../../errors.ts";
import type { GraphSource, Port } from "../engine.ts";
import type { OpenedGraph, OpenGraph } from "../graph-chain.ts";
import { elementCount, type Tensor, type TensorData } from "../tensor.ts";
import { dequantize, quantizeInto, type StoredArray } from "./quantized-tensor.ts";
import { readTfliteFile, type TfliteFile, type TfliteTensor } from "./tflite-file.ts";
import { loadWasmModule, type WasmModule, type WasmRunner, type WasmTensor, type WasmVector } from "./wasm-module.ts";

/**
 * Opens TensorFlow Lite files with the wasm build: one thread, XNNPACK, images in NHWC as the files have them.
 * @throws {EdgeRuntimeError} `engine-unavailable`; when opening, `bad-model`
 */
export async function tfliteGraphOpener(): Promise<OpenGraph> {
  const module = await loadWasmModule();
  return async (graph) => openTfliteGraph(module, graph);
}

/** A port with the wasm tensor behind it. */
interface Bound {
  readonly port: Port;
  readonly tensor: TfliteTensor;
  readonly wasm: WasmTensor;
  /** Elements of one row, which is the whole tensor where the first dimension is fixed. */
  readonly length: number;
}

function openTfliteGraph(module: WasmModule, graph: GraphSource): OpenedGraph {
  const bytes = bytesOf(graph);
  const file = readTfliteFile(graph.name, bytes);
  const pointer = copyIn(module, graph.name, bytes);
  const runner = createRunner(module, graph.name, pointer, bytes.length);
  const isFree = [...file.inputs, ...file.outputs].every((tensor) => tensor.isFree);
  const inputs = bindAll(graph.name, file.inputs, runner.GetInputs(), (tensor) => inputPort(tensor, isFree));
  const outputs = bindAll(graph.name, file.outputs, runner.GetOutputs(), (tensor) => outputPort(tensor, isFree));
  return {
    name: graph.name,
    inputs: inputs.map(({ port }) => port),
    outputs: outputs.map(({ port }) => port),
    async run(feeds) {
      const rows = isFree ? rowsOf(graph.name, inputs, feeds) : 1;
      const results = outputs.map((output) => emptyResult(output, rows));
      for (let row = 0; row < rows; row += 1) {
        for (const input of inputs) writeRow(input, feeds[input.port.name] as Tensor, row);
        infer(module, runner, graph.name);
        outputs.forEach((output, index) => {
          readRow(output, results[index] as Tensor, row);
        });
      }
      return Object.fromEntries(outputs.map(({ port }, index) => [port.name, results[index] as Tensor]));
    },
    async release() {
      for (const { wasm } of [...inputs, ...outputs]) wasm.delete?.();
      runner.delete();
      module._free(pointer);
    },
  };
}

function bytesOf({ name, bytes }: GraphSource): Uint8Array {
  if (typeof bytes !== "string") return bytes;
  try {
    return readFileSync(bytes);
  } catch (cause) {
    throw new EdgeRuntimeError("bad-model", `Graph "${name}" cannot be read: ${String(cause)}`, { cause });
  }
}

/** The runner reads the file where it lies for as long as it lives. */
function copyIn(module: WasmModule, graph: string, bytes: Uint8Array): number {
  const pointer = module._malloc(bytes.length);
  if (pointer === 0)
    throw new EdgeRuntimeError(
      "bad-model",
      `Graph "${graph}" of ${bytes.length} bytes does not fit the engine's memory.`,
    );
  module.HEAPU8.set(bytes, pointer);
  return pointer;
}

function createRunner(module: WasmModule, graph: string, pointer: number, bytes: number): WasmRunner {
  module.complaints.length = 0;
  const options = { numThreads: 1, enableProfiling: false, maxProfilingBufferEntries: 0 };
  const status = module.TFLiteWebModelRunner.CreateFromBufferAndOptions(pointer, bytes, options);
  if (status.ok()) return status.value();
  const why = [status.errorMessage(), ...module.complaints].join("; ");
  status.delete();
  module._free(pointer);
  throw new EdgeRuntimeError("bad-model", `Graph "${graph}" does not load as TensorFlow Lite: ${why}`);
}

function bindAll(
  graph: string,
  tensors: TfliteFile["inputs"],
  vector: WasmVector,
  portOf: (tensor: TfliteTensor) => Port,
): Bound[] {
  const bound = tensors.map((tensor, index) => {
    const wasm = vector.get(index);
    if (wasm.name !== tensor.name || wasm.dataType !== tensor.dtype || wasm.shape !== tensor.shape.join(","))
      throw new EdgeRuntimeError(
        "bad-model",
        `Graph "${graph}" says port "${tensor.name}" is ${tensor.dtype} [${tensor.shape.join(",")}], the engine found "${wasm.name}" ${wasm.dataType} [${wasm.shape}].`,
      );
    return { port: portOf(tensor), tensor, wasm, length: elementCount(tensor.shape) };
  });
  vector.delete();
  return bound;
}

function inputPort({ name, dtype, shape, quantization }: TfliteTensor, isFree: boolean): Port {
  const alsoTakes =
    quantization === undefined
      ? dtype === "float32" && { alsoTakes: ["uint8"] as const }
      : dtype !== "int16" && { alsoTakes: dtype === "int8" ? (["float32", "uint8"] as const) : (["float32"] as const) };
  return {
    name,
    dtype: dtype === "int16" ? "float32" : dtype,
    shape: isFree ? ["N", ...shape.slice(1)] : shape,
    ...(alsoTakes || {}),
    ...(quantization && { quantization }),
  };
}

function outputPort({ name, dtype, shape, quantization }: TfliteTensor, isFree: boolean): Port {
  return {
    name,
    dtype: quantization !== undefined || dtype === "int16" ? "float32" : dtype,
    shape: isFree ? ["N", ...shape.slice(1)] : shape,
    ...(quantization && { quantization }),
  };
}

function rowsOf(graph: string, inputs: readonly Bound[], feeds: Readonly<Record<string, Tensor>>): number {
  const counts = new Set(inputs.map(({ port }) => feeds[port.name]?.shape[0]));
  const [rows = 1] = counts;
  if (counts.size <= 1) return rows;
  throw new EdgeRuntimeError(
    "bad-input",
    `Graph "${graph}" takes one batch size for all its inputs, but got ${[...counts].join(" and ")}.`,
  );
}

/** The file's batch is one: rows run one after the other. */
function writeRow({ tensor, wasm, length }: Bound, { dtype, data }: Tensor, row: number): void {
  // The module's views are of exactly the types that the file may store.
  const target = wasm.data() as StoredArray;
  const values = data.subarray(row * length, (row + 1) * length) as Exclude<TensorData, BigInt64Array>;
  if (dtype === tensor.dtype || tensor.quantization === undefined) target.set(values);
  else quantizeInto(target, values, tensor.quantization);
}

function emptyResult({ port, tensor, length }: Bound, rows: number): Tensor {
  const shape = typeof port.shape[0] === "string" ? [rows, ...tensor.shape.slice(1)] : tensor.shape;
  const Data = { float32: Float32Array, int32: Int32Array, int8: Int8Array }[port.dtype as string] ?? Uint8Array;
  return { dtype: port.dtype, shape, data: new Data(rows * length) };
}

function readRow({ tensor, wasm, length }: Bound, result: Tensor, row: number): void {
  const stored = wasm.data() as StoredArray;
  // A result's array was made for its port just above, and no port here holds 64-bit integers.
  const target = result.data as StoredArray;
  target.set(tensor.quantization === undefined ? stored : dequantize(stored, tensor.quantization), row * length);
}

function infer(module: WasmModule, runner: WasmRunner, graph: string): void {
  module.complaints.length = 0;
  if (runner.Infer()) return;
  const why = module.complaints.join("; ") || "a kernel refused";
  throw new EdgeRuntimeError("run-failed", `Graph "${graph}" failed to run: ${why}.`);
}
