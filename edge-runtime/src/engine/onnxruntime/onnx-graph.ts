import { InferenceSession, listSupportedBackends, Tensor as OrtTensor } from "onnxruntime-node";
import { EdgeRuntimeError } from "../../errors.ts";
import type { GraphSource, Port } from "../engine.ts";
import type { OpenedGraph, OpenGraph } from "../graph-chain.ts";
import { isTensorDtype, type Tensor } from "../tensor.ts";

/**
 * How far onnxruntime may rewrite a graph: `all` also changes tensor layouts, which pays for inference and costs a
 * training step a few per cent, since nearly every tensor is read outside convolutions too.
 */
export type GraphRewriting = "extended" | "all";

/** What computes an ONNX graph's nodes; a later one takes what an earlier one does not. */
export type ExecutionProvider = "cpu" | "cuda" | "tensorrt" | "webgpu";

/** How onnxruntime opens graphs. threads: inside one operator, per session */
export interface OnnxOptions {
  readonly threads: number;
  readonly providers: readonly ExecutionProvider[];
  readonly rewriting?: GraphRewriting;
}

/**
 * Opens ONNX graphs with onnxruntime; idle threads never spin, since devices share their cores.
 * @throws {EdgeRuntimeError} `bad-model` naming the graph, `provider-absent`
 */
export function onnxGraphOpener(options: OnnxOptions): OpenGraph {
  return async (graph) => {
    requireProviders(options.providers);
    const session = await openSession(graph, options);
    const { name } = graph;
    const inputs = session.inputMetadata.map((metadata) => portOf(name, metadata));
    const outputs = session.outputMetadata.map((metadata) => portOf(name, metadata));
    return onnxGraph(name, session, inputs, outputs);
  };
}

/** The execution providers that this machine's build of onnxruntime was made with, `cpu` first. */
export function builtProviders(): ExecutionProvider[] {
  const built = new Set(listSupportedBackends().map(({ name }) => name));
  return (["cpu", "cuda", "tensorrt", "webgpu"] as const).filter((name) => built.has(name));
}

function onnxGraph(
  name: string,
  session: InferenceSession,
  inputs: readonly Port[],
  outputs: readonly Port[],
): OpenedGraph {
  return {
    name,
    inputs,
    outputs,
    async run(feeds) {
      const given: Record<string, OrtTensor> = {};
      for (const [input, tensor] of Object.entries(feeds)) given[input] = toOrt(tensor);
      const results = await session.run(given).catch((cause: unknown) => {
        throw new EdgeRuntimeError("run-failed", `Graph "${name}" failed to run: ${sentenceOf(cause)}`, { cause });
      });
      const tensors: Record<string, Tensor> = {};
      for (const output of session.outputNames) tensors[output] = fromOrt(output, results[output]);
      return tensors;
    },
    release: () => session.release(),
  };
}

function requireProviders(providers: readonly ExecutionProvider[]): void {
  const built = builtProviders();
  const absent = providers.find((provider) => !built.includes(provider));
  if (absent !== undefined) throw providerAbsent(absent, `it is built with ${built.join(", ")}`);
}

async function openSession(graph: GraphSource, options: OnnxOptions): Promise<InferenceSession> {
  try {
    return await createSession(graph, options);
  } catch (cause) {
    await requireProviderToBlame(graph, options, cause);
    throw new EdgeRuntimeError("bad-model", `Graph "${graph.name}" does not load: ${sentenceOf(cause)}`, { cause });
  }
}

/** A graph that the CPU takes is none to blame: then the provider's own libraries are missing or refuse. */
async function requireProviderToBlame(graph: GraphSource, options: OnnxOptions, cause: unknown): Promise<void> {
  const provider = options.providers.find((name) => name !== "cpu");
  if (provider === undefined) return;
  const session = await createSession(graph, { ...options, providers: ["cpu"] }).catch(() => undefined);
  if (session === undefined) return;
  await session.release();
  throw providerAbsent(provider, sentenceOf(cause), cause);
}

function createSession(
  { bytes }: GraphSource,
  { threads, providers, rewriting = "all" }: OnnxOptions,
): Promise<InferenceSession> {
  const options: InferenceSession.SessionOptions = {
    executionProviders: [...providers],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: rewriting,
    logSeverityLevel: 3,
    extra: { session: { intra_op: { allow_spinning: "0" }, inter_op: { allow_spinning: "0" } } },
  };
  return typeof bytes === "string" ? InferenceSession.create(bytes, options) : InferenceSession.create(bytes, options);
}

const cudaRemedy =
  'install CUDA 12 and cuDNN 9, run "node script/install --onnxruntime-node-install=cuda12" in node_modules/onnxruntime-node (x86-64 only)';
const remedies: Readonly<Record<ExecutionProvider, string>> = {
  cpu: "install the dependencies again",
  cuda: cudaRemedy,
  tensorrt: `${cudaRemedy}, install TensorRT`,
  webgpu: "install a Vulkan driver for the GPU",
};

function providerAbsent(provider: ExecutionProvider, why: string, cause?: unknown): EdgeRuntimeError {
  // Native sentences begin with the place in the source and end with a newline.
  const reason = why.replace(/^\/onnxruntime_src.*? was (?:true|false)\. /s, "").trim();
  return new EdgeRuntimeError(
    "provider-absent",
    `Expected onnxruntime to compute with "${provider}" on this machine, it cannot: ${reason}; ${remedies[provider]}, or name another provider.`,
    { cause },
  );
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

function sentenceOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
