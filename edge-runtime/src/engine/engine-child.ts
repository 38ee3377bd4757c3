import { EdgeRuntimeError } from "../errors.ts";
import { serveRequests } from "./child-requests.ts";
import type { GraphSource, LocalEngine } from "./engine.ts";
import { type GraphChain, openGraphChain } from "./graph-chain.ts";
import { graphOpener } from "./graph-opener.ts";
import type { ExecutionProvider } from "./onnxruntime/onnx-graph.ts";
import type { Tensor } from "./tensor.ts";

// The program of an engine host's process.

const [engine, providers, threads, maxFrameBytes] = process.argv.slice(2);
const opener = graphOpener({
  // The three come from the runtime's own host code.
  engine: engine as LocalEngine,
  providers: providers?.split(",") as ExecutionProvider[],
  threads: Number(threads),
});
opener.catch(() => undefined); // the answer to "hello" tells it
const models = new Map<number, GraphChain>();

serveRequests(Number(maxFrameBytes), (header, tensors) => perform(header, tensors).catch(endAfterTrap));

async function perform(header: Readonly<Record<string, unknown>>, tensors: Readonly<Record<string, Tensor>>) {
  const model = Number(header.model);
  switch (header.op) {
    case "hello":
      await opener;
      return { header: {} };
    case "load": {
      const chain = await openGraphChain(graphsOf(header.graphs, tensors), await opener);
      models.set(model, chain);
      return { header: { inputs: chain.inputs, outputs: chain.outputs } };
    }
    case "run": {
      const { outputs, runUs } = await chainOf(model).run(tensors);
      return { header: { runUs }, tensors: outputs };
    }
    case "unload": {
      await chainOf(model).release();
      models.delete(model);
      return { header: {} };
    }
    default:
      throw new EdgeRuntimeError("malformed-frame", `Unknown engine request "${String(header.op)}".`);
  }
}

/** After a trap a wasm module's memory is anybody's guess: the process ends, and its parent starts another. */
function endAfterTrap(error: unknown): never {
  if (!(error instanceof Error) || error.name !== "RuntimeError") throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

function chainOf(model: number): GraphChain {
  const chain = models.get(model);
  if (chain === undefined)
    throw new EdgeRuntimeError("model-unloaded", `Model ${model} is not loaded in this engine host.`);
  return chain;
}

function graphsOf(described: unknown, tensors: Readonly<Record<string, Tensor>>): GraphSource[] {
  // The list comes from the runtime's own host code, which writes exactly these fields.
  const graphs = described as readonly { name: string; path?: string }[];
  return graphs.map(({ name, path }, index) => ({
    name,
    bytes: path ?? (tensors[`graph-${index}`]?.data as Uint8Array),
  }));
}
