import assert from "node:assert/strict";
import { test } from "node:test";
import { startInlineEngine } from "@fieldloop/edge-runtime/engine";
import { buildClassifier } from "../build/classifier.ts";
import { createRandom } from "../build/random.ts";
import { serializeModel } from "../graph/model.ts";
import { backboneName } from "./compose.ts";
import type { OptimiserChoice } from "./optimisers/optimiser-list.ts";
import { buildTrainingGraph, type TrainingGraph } from "./training-graph.ts";
import { initialState, stepInputs, type TrainingState, takeStep, trainedComponents } from "./training-state.ts";

const heads = [
  { name: "sign", classes: 5 },
  { name: "category", classes: 2 },
];
const shape = { imageSize: 8, channels: [4, 8], embeddingSize: 6, heads, seed: 1 };
const batch = 8;
const rate = 0.01;

test("lowers the loss of a small classifier until it knows its batch by heart", async () => {
  const { losses } = await trainSteps(100);
  assert.ok(losses[0]! > 1.5, `${losses[0]}`);
  assert.ok(losses.at(-1)! < 0.2, `${losses.at(-1)}`);
});

test("gives the same bits with one thread and with two, and again", async () => {
  const [one, two, again] = [await trainSteps(12, 1), await trainSteps(12, 2), await trainSteps(12, 1)];
  assert.deepEqual(two.state, one.state);
  assert.deepEqual(again.state, one.state);
});

test("leaves what is not trained untouched", async () => {
  const components = buildClassifier(shape);
  const training = buildTrainingGraph(components, {
    batch,
    isTrained: ({ component }) => component !== backboneName,
  });
  assert.deepEqual([...new Set(training.parameters.map((slot) => slot.component))], ["sign", "category"]);
});

test("a head without labels in the batch neither learns nor disturbs the other", async () => {
  const { state, training } = await trainSteps(3, 1, { category: 0 });
  const before = initialState(buildClassifier(shape), training);
  const slot = training.parameters.find((one) => one.component === "category")!;
  const part = (vector: Float32Array) => vector.slice(slot.offset, slot.offset + slot.count);
  assert.deepEqual(part(state.parameters), part(before.parameters));
});

test("writes trained weights and running statistics back into the components", async () => {
  const { state, training } = await trainSteps(5);
  const trained = trainedComponents(buildClassifier(shape), training, state);
  const again = initialState(trained, training);
  assert.deepEqual(again.parameters, state.parameters);
  assert.deepEqual(again.runningMean, state.runningMean);
  assert.notDeepEqual(again.runningVariance, new Float32Array(again.runningVariance.length).fill(1));
});

test("every optimiser lowers the loss", async () => {
  for (const optimiser of [{ kind: "adamw" }, { kind: "sgd" }] as const) {
    const { losses } = await trainSteps(60, 1, {}, { optimiser, rate: 0.02 });
    assert.ok(losses.at(-1)! < 0.6 * losses[0]!, `${optimiser.kind}: ${losses[0]} to ${losses.at(-1)}`);
  }
});

test("a Dropout's mask comes in with every step, scaled, and goes into the gradient", async () => {
  const plain = buildClassifier(shape);
  const { backbone } = plain;
  const [output] = backbone.outputs.map(({ name }) => name) as [string];
  const dropped = backbone.nodes.map((node) => ({
    ...node,
    outputs: node.outputs.map((name) => (name === output ? "whole" : name)),
  }));
  const ratio = { kind: "float" as const, value: 0.25 };
  const dropout = { op: "Dropout", domain: "", name: "", inputs: ["whole"], outputs: [output], attributes: { ratio } };
  const components = { ...plain, backbone: { ...backbone, nodes: [...dropped, dropout] } };
  const training = buildTrainingGraph(components, { batch });
  assert.deepEqual(
    training.masks.map(({ shape: size, ratio: part }) => [size, part]),
    [[[batch, 6], 0.25]],
  );
  const options = { learningRate: rate, step: 1 };
  const state = initialState(components, training);
  const mask = stepInputs(training, state, { ...options, random: createRandom(1) })[training.masks[0]!.name]!;
  assert.ok([...mask.data].every((factor) => factor === 0 || Math.abs(factor - 4 / 3) < 1e-6));
  assert.throws(() => stepInputs(training, state, options), { code: "invalid-argument" });
});

async function trainSteps(
  steps: number,
  threads = 1,
  weight: Record<string, number> = {},
  how: { readonly optimiser?: OptimiserChoice; readonly rate?: number } = {},
) {
  const components = buildClassifier(shape);
  const training = buildTrainingGraph(components, { batch, optimiser: how.optimiser });
  const engine = await startInlineEngine({ threads });
  const model = await engine.load([{ name: "step", bytes: serializeModel(training.graph) }]);
  const state = initialState(components, training);
  const data = batchOf(weight);
  const losses: number[] = [];
  for (let step = 1; step <= steps; step++) {
    const options = { learningRate: how.rate ?? rate, step };
    losses.push(await runStep(model, training, state, data, options));
  }
  await engine.close();
  return { losses, state, training };
}

type Model = Awaited<ReturnType<Awaited<ReturnType<typeof startInlineEngine>>["load"]>>;
type Feeds = Parameters<Model["run"]>[0];

async function runStep(
  model: Model,
  training: TrainingGraph,
  state: TrainingState,
  data: Feeds,
  options: { readonly learningRate: number; readonly step: number },
) {
  const { outputs } = await model.run({ ...data, ...stepInputs(training, state, options) });
  takeStep(training, state, outputs, 0.1);
  return outputs.loss!.data[0] as number; // float32, as every output here
}

function batchOf(weight: Record<string, number>): Feeds {
  const random = createRandom(5);
  const image = Float32Array.from({ length: batch * 3 * 64 }, () => random.normal());
  const feeds: Record<string, Feeds[string]> = { image: { dtype: "float32", shape: [batch, 3, 8, 8], data: image } };
  for (const { name, classes } of heads) {
    const labels = new Float32Array(batch * classes);
    for (let index = 0; index < batch; index++) labels[index * classes + (index % classes)] = 1;
    feeds[`labels.${name}`] = { dtype: "float32", shape: [batch, classes], data: labels };
    feeds[`weights.${name}`] = {
      dtype: "float32",
      shape: [batch],
      data: new Float32Array(batch).fill(weight[name] ?? 1),
    };
  }
  return feeds;
}
