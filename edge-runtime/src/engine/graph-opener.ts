import type { LocalEngine } from "./engine.ts";
import type { OpenGraph } from "./graph-chain.ts";
import type { ExecutionProvider, GraphRewriting } from "./onnxruntime/onnx-graph.ts";

/** Which engine opens graphs in this process, and how; providers and rewriting are onnxruntime's. */
export interface GraphOpenerOptions {
  readonly engine?: LocalEngine;
  readonly threads?: number;
  readonly providers?: readonly ExecutionProvider[];
  readonly rewriting?: GraphRewriting;
}

/**
 * Loads the engine itself, and nothing of the others, into this process.
 * @throws {EdgeRuntimeError} `engine-unavailable`
 */
export async function graphOpener(options: GraphOpenerOptions): Promise<OpenGraph> {
  const { engine = "onnxruntime", threads = 1, providers = ["cpu"], rewriting } = options;
  if (engine === "tflite") {
    const { tfliteGraphOpener } = await import("./tflite/tflite-graph.ts");
    return tfliteGraphOpener();
  }
  const { onnxGraphOpener } = await import("./onnxruntime/onnx-graph.ts");
  return onnxGraphOpener({ threads, providers, rewriting });
}
