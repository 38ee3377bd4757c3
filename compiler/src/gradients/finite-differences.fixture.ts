import assert from "node:assert/strict";
import type { Engine } from "@fieldloop/edge-runtime/engine";
import { createRandom } from "../build/random.ts";
import { attribute, typeOf } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import { serializeModel } from "../graph/model.ts";
import { elementCount, floatTensor } from "../graph/tensor.ts";
import { evaluate } from "../reference/evaluate.ts";
import { deriveGradients } from "./derive-gradients.ts";
import type { ExecutionProvider } from "./execution-provider.ts";
import { lowerTrainingOperators } from "./lower-training-operators.ts";

/** What is checked: the gradient of a weighted sum of `output` by the inputs `by`. places: of each input, all by default */
export interface GradientCheck {
  readonly builder: GraphBuilder;
  readonly output: string;
  readonly by: readonly string[];
  readonly valuesOf: (input: string) => Float32Array;
  readonly engine: Engine;
  readonly provider?: ExecutionProvider;
  readonly places?: number;
}

/**
 * Central differences of the float64 reference: a step of 1e-4 leaves 1e-8 of these functions' curvature and 1e-12 of
 * rounding, so what is tolerated is the engine's float32.
 */
const step = 1e-4;
const tolerance = 2e-4;

/** Compares derived gradients, run by the engine in float32, with finite differences of the float64 reference. */
export async function checkGradients(check: GradientCheck): Promise<void> {
  const { builder, by, valuesOf, places = Number.POSITIVE_INFINITY } = check;
  const loss = weightedSum(builder, check.output);
  const forward = [...builder.nodes];
  const gradients = deriveGradients(builder, { loss, by });
  for (const [index, input] of by.entries()) {
    builder.output(builder.add("Identity", [gradients.get(input)!], { outputs: [`gradient${index}`] }));
  }
  const graph = builder.build();
  const shapes = new Map(by.map((name) => [name, typeOf(graph, name)!.shape!.map(Number)]));
  const derived = await run(check, serializeModel(lowerTrainingOperators(graph, check.provider ?? "cpu")), shapes);
  const feeds = Object.fromEntries(
    by.map((name) => [name, { shape: shapes.get(name)!, data: Float64Array.from(valuesOf(name)) }]),
  );
  const lossNow = () => evaluate({ ...graph, nodes: forward }, feeds).get(loss)!.data[0]!;
  for (const [index, name] of by.entries()) {
    const { data } = feeds[name]!;
    for (const place of placesOf(data.length, places)) {
      const centre = data[place]!;
      data[place] = centre + step;
      const above = lossNow();
      data[place] = centre - step;
      const difference = (above - lossNow()) / (2 * step);
      data[place] = centre;
      const found = derived[index]![place]!;
      const isNear = Math.abs(difference - found) < tolerance * Math.max(1, Math.abs(difference));
      assert.ok(isNear, `${name}[${place}]: ${found} instead of ${difference}`);
    }
  }
}

/** Σ w·y with fixed random w, so that no gradient is hidden by symmetry. */
function weightedSum(builder: GraphBuilder, output: string): string {
  const shape = builder.shapeOf(output);
  const random = createRandom(3);
  const weights = Float32Array.from({ length: elementCount(shape) }, () => random.normal());
  const weighted = builder.add("Mul", [output, builder.constant(floatTensor(weights, shape))]);
  const axes = { attributes: { keepdims: attribute.int(0) } };
  return builder.add("ReduceSum", [weighted], axes);
}

async function run(
  { engine, by, valuesOf }: GradientCheck,
  bytes: Uint8Array,
  shapes: ReadonlyMap<string, readonly number[]>,
): Promise<readonly Float32Array[]> {
  const model = await engine.load([{ name: "case", bytes }]);
  const named = new Set(model.inputs.map(({ name }) => name));
  const { outputs } = await model.run(
    Object.fromEntries(
      by
        .filter((name) => named.has(name))
        .map((name) => [name, { dtype: "float32", shape: [...shapes.get(name)!], data: valuesOf(name) }]),
    ),
  );
  await model.unload();
  return by.map((_, index) => outputs[`gradient${index}`]!.data as Float32Array); // gradients are float32
}

function placesOf(length: number, most: number): readonly number[] {
  if (length <= most) return [...Array(length).keys()];
  return Array.from({ length: most }, (_, index) => Math.floor((index * length) / most));
}
