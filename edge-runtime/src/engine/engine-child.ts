import { EdgeRuntimeError } from "../errors.ts";
import { serveRequests } from "./child-requests.ts";
import type { GraphSource } from "./engine.ts";
import { type GraphChain, openGraphChain } from "./graph-chain.ts";
import type { Tensor } from "./tensor.ts";

// The program of an engine host's process.

const [threads = 1, maxFrameBytes = 0] = process.argv.slice(2).map(Number);
const models = new Map<number, GraphChain>();

serveRequests(maxFrameBytes, async (header, tensors) => {
  const model = Number(header.model);
  switch (header.op) {
    case "hello":
      return { header: {} };
    case "load": {
      const chain = await openGraphChain(graphsOf(header.graphs, tensors), threads);
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
});

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
