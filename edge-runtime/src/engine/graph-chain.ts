import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { EdgeRuntimeError } from "../errors.ts";
import type { GraphSource, Port, RunResult } from "./engine.ts";
import { isTensorDtype, type Tensor } from "./tensor.ts";

interface LoadedGraph {
  readonly name: string;
  readonly session: InferenceSession;
}

/**
 * How far onnxruntime may rewrite a graph: `all` also changes tensor layouts, which pays for inference and costs a
 * training step a few per cent, since nearly every tensor is read outside convolutions too.
 */
export type GraphRewriting = "extended" | "all";

/** Several onnxruntime sessions run in order, chained by tensor name. */
export interface GraphChain {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  run(inputs: Readonly<Record<string, Tensor>>): Promise<RunResult>;
  release(): Promise<void>;
}

/**
 * Opens graphs with onnxruntime on the CPU.
 * threads: intra-op threads per session · idle threads never spin, since devices share their cores
 * @throws {EdgeRuntimeError} `bad-model` naming the graph
 */
export async function openGraphChain(
  graphs: readonly GraphSource[],
  threads: number,
  rewriting: GraphRewriting = "all",
): Promise<GraphChain> {
  if (graphs.length === 0) throw new EdgeRuntimeError("bad-model", "Expected at least one graph to load, got none.");
  const loaded: LoadedGraph[] = [];
  try {
    for (const graph of graphs)
      loaded.push({ name: graph.name, session: await openSession(graph, threads, rewriting) });
    const ports = chainPorts(loaded);
    return { ...ports, run: (inputs) => runChain(loaded, inputs), release: () => releaseAll(loaded) };
  } catch (error) {
    await releaseAll(loaded);
    throw error;
  }
}

async function openSession(graph: GraphSource, threads: number, rewriting: GraphRewriting): Promise<InferenceSession> {
  const options: InferenceSession.SessionOptions = {
    executionProviders: ["cpu"],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: rewriting,
    logSeverityLevel: 3,
    extra: { session: { intra_op: { allow_spinning: "0" }, inter_op: { allow_spinning: "0" } } },
  };
  try {
    return typeof graph.bytes === "string"
      ? await InferenceSession.create(graph.bytes, options)
      : await InferenceSession.create(graph.bytes, options);
  } catch (cause) {
    throw new EdgeRuntimeError("bad-model", `Graph "${graph.name}" does not load: ${sentenceOf(cause)}`, { cause });
  }
}

function chainPorts(loaded: readonly LoadedGraph[]): { inputs: Port[]; outputs: Port[] } {
  const inputs = new Map<string, Port>();
  const outputs = new Map<string, Port>();
  for (const { name, session } of loaded) {
    for (const metadata of session.inputMetadata) {
      const port = portOf(name, metadata);
      if (!outputs.has(port.name)) inputs.set(port.name, port);
    }
    for (const metadata of session.outputMetadata) {
      const port = portOf(name, metadata);
      if (outputs.has(port.name)) {
        throw new EdgeRuntimeError(
          "bad-model",
          `Graph "${name}" gives "${port.name}", which an earlier graph gives too.`,
        );
      }
      outputs.set(port.name, port);
    }
  }
  return { inputs: [...inputs.values()], outputs: [...outputs.values()] };
}

function portOf(graph: string, metadata: InferenceSession.ValueMetadata): Port {
  if (!metadata.isTensor || !isTensorDtype(metadata.type)) {
    const kind = metadata.isTensor ? metadata.type : "not a tensor";
    throw new EdgeRuntimeError(
      "bad-model",
      `Graph "${graph}" has port "${metadata.name}" which is ${kind}; the engine cannot carry it.`,
    );
  }
  return { name: metadata.name, dtype: metadata.type, shape: [...metadata.shape] };
}

async function runChain(loaded: readonly LoadedGraph[], inputs: Readonly<Record<string, Tensor>>): Promise<RunResult> {
  const values = new Map<string, OrtTensor>();
  for (const [name, tensor] of Object.entries(inputs)) values.set(name, toOrt(tensor));
  const outputs: Record<string, Tensor> = {};
  const startedNs = process.hrtime.bigint();
  for (const { name, session } of loaded) {
    const results = await runSession(name, session, values);
    for (const [output, tensor] of Object.entries(results)) values.set(output, tensor);
  }
  const runUs = Number(process.hrtime.bigint() - startedNs) / 1000;
  for (const { session } of loaded) {
    for (const output of session.outputNames) outputs[output] = fromOrt(output, values.get(output));
  }
  return { outputs, runUs };
}

async function runSession(name: string, session: InferenceSession, values: Map<string, OrtTensor>) {
  const feeds: Record<string, OrtTensor> = {};
  for (const input of session.inputNames) {
    const value = values.get(input);
    if (value === undefined)
      throw new EdgeRuntimeError("bad-input", `Graph "${name}" needs input "${input}", which was not given.`);
    feeds[input] = value;
  }
  try {
    return await session.run(feeds);
  } catch (cause) {
    throw new EdgeRuntimeError("run-failed", `Graph "${name}" failed to run: ${sentenceOf(cause)}`, { cause });
  }
}

function toOrt(tensor: Tensor): OrtTensor {
  // onnxruntime's constructor is overloaded per dtype; the pair was checked at the engine's door.
  return new OrtTensor(tensor.dtype as "float32", tensor.data as Float32Array, tensor.shape);
}

function fromOrt(name: string, tensor: OrtTensor | undefined): Tensor {
  if (tensor === undefined || !isTensorDtype(tensor.type)) {
    throw new EdgeRuntimeError("run-failed", `Output "${name}" came back as ${tensor?.type ?? "nothing"}.`);
  }
  // The dtype was checked just above; string tensors, the only other kind of data, are excluded by it.
  return { dtype: tensor.type, shape: tensor.dims, data: tensor.data as Tensor["data"] };
}

async function releaseAll(loaded: readonly LoadedGraph[]): Promise<void> {
  for (const { session } of loaded) await session.release();
}

function sentenceOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
