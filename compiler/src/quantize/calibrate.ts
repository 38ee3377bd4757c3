import type { Engine, Tensor } from "@fieldloop/edge-runtime/engine";
import { CompilerError } from "../errors.ts";
import { type Graph, typeOf } from "../graph/graph.ts";
import { serializeModel } from "../graph/model.ts";
import { chooseActivations } from "./activation-choice.ts";
import { emptyHistogram, type Histogram, histogramOf, mergeHistograms } from "./histogram.ts";

const mostBytes = 128 * 1024 ** 2;

/** What calibration saw of every activation that will be held as bytes. */
export type Observations = ReadonlyMap<string, Histogram>;

/**
 * Runs inputs through a graph in the given engine and counts the values of every activation that needs a range.
 * batches: the inputs of one run each · names: the activations to observe, those of onnxruntime's plan unless given ·
 * memory: one batch at a time, whatever their number
 * @throws {CompilerError} `empty-histogram` without batches · whatever the engine throws
 */
export async function observeActivations(
  graph: Graph,
  engine: Engine,
  batches: Iterable<Readonly<Record<string, Tensor>>> | AsyncIterable<Readonly<Record<string, Tensor>>>,
  names: readonly string[] = calibratedActivations(graph),
): Promise<Observations> {
  const observations = new Map(names.map((name) => [name, emptyHistogram()]));
  if (names.length === 0) return observations;
  const model = await engine.load([{ name: graph.name, bytes: serializeModel(withOutputs(graph, names)) }]);
  try {
    for await (const inputs of batches) {
      const { outputs } = await model.run(inputs);
      for (const name of names) observations.set(name, observed(observations.get(name)!, name, outputs[name]));
    }
  } finally {
    await model.unload();
  }
  return observations;
}

/** Adds what another calibration of the same graph saw: shards in any order give the same result. */
export function mergeObservations(left: Observations, right: Observations): Observations {
  const names = new Set([...left.keys(), ...right.keys()]);
  return new Map(
    [...names].map((name) => [
      name,
      mergeHistograms(left.get(name) ?? emptyHistogram(), right.get(name) ?? emptyHistogram()),
    ]),
  );
}

/** The activations whose range must be observed, in the graph's order. */
export function calibratedActivations(graph: Graph): readonly string[] {
  const choices = chooseActivations(graph);
  const made = [...graph.inputs.map((input) => input.name), ...graph.nodes.flatMap((node) => node.outputs)];
  return made.filter((name) => choices.get(name)?.kind === "calibrate");
}

/** How many inputs to run at once so that what is observed of them stays within `mostBytes`; the result is the same for any. */
export function calibrationBatchSize(graph: Graph, names: readonly string[], most = 32): number {
  const values = names.reduce((sum, name) => sum + valuesPerInput(graph, name), 0);
  return Math.max(1, Math.min(most, Math.floor(mostBytes / (4 * Math.max(1, values)))));
}

function valuesPerInput(graph: Graph, name: string): number {
  const shape = typeOf(graph, name)?.shape?.slice(1) ?? [];
  return shape.reduce<number>((product, size) => product * (typeof size === "number" ? size : 1), 1);
}

function withOutputs(graph: Graph, names: readonly string[]): Graph {
  const given = new Set(graph.outputs.map((output) => output.name));
  const added = names.filter((name) => !given.has(name));
  const outputs = added.map((name) => ({ name, dtype: "float32" as const, shape: undefined }));
  return { ...graph, outputs: [...graph.outputs, ...outputs] };
}

function observed(histogram: Histogram, name: string, tensor: Tensor | undefined): Histogram {
  if (tensor?.data instanceof Float32Array) return mergeHistograms(histogram, histogramOf(tensor.data));
  throw new CompilerError(
    "shape-mismatch",
    `Expected float32 values of "${name}" from the engine, but ${tensor?.dtype ?? "nothing"} came; exclude it from quantization.`,
  );
}
