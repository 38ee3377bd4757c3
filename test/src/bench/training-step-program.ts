import { createInterface } from "node:readline";
import {
  adamRate,
  buildClassifier,
  buildTrainingGraph,
  createRandom,
  initialState,
  serializeModel,
} from "@fieldloop/compiler";
import { startInlineEngine, type Tensor } from "@fieldloop/edge-runtime/engine";
import type { StepNetwork } from "./training-step.ts";

const batch = 64;
const imageSize = 32;

const { channels, features, classes, threads } = JSON.parse(process.argv[2]!) as StepNetwork & {
  readonly threads: number;
};
const components = buildClassifier({
  imageSize,
  channels,
  embeddingSize: 64,
  features,
  heads: [{ name: "class", classes }],
  seed: 0,
});
const training = buildTrainingGraph(components, { batch, optimiser: "adam" });
const state = initialState(components, training);
const engine = await startInlineEngine({ threads, rewriting: "extended" });
const model = await engine.load([{ name: "step", bytes: serializeModel(training.graph) }]);
const random = createRandom(1);
const image = tensor([batch, 3, imageSize, imageSize], () => random.normal());
const labels = tensor([batch, classes], (index) => (index % classes === Math.floor(index / classes) % classes ? 1 : 0));
const weights = tensor([batch], () => 1);
let step = 0;

for await (const line of createInterface({ input: process.stdin })) {
  const times: { readonly wall: number; readonly cpu: number }[] = [];
  for (let index = 0; index < Number(line); index++) times.push(await timedStep());
  process.stdout.write(`${JSON.stringify(times)}\n`);
}
await engine.close();

async function timedStep(): Promise<{ readonly wall: number; readonly cpu: number }> {
  step++;
  const started = performance.now();
  const cpuBefore = process.cpuUsage();
  const { outputs } = await model.run({
    image,
    "labels.class": labels,
    "weights.class": weights,
    parameters: vector(state.parameters),
    moment1: vector(state.moment1),
    moment2: vector(state.moment2),
    learningRate: vector(Float32Array.of(adamRate(1e-3, step))),
  });
  // Every output of a training graph is float32.
  state.parameters = outputs["parameters.next"]!.data as Float32Array;
  state.moment1 = outputs["moment1.next"]!.data as Float32Array;
  state.moment2 = outputs["moment2.next"]!.data as Float32Array;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { wall: performance.now() - started, cpu: (user + system) / 1000 };
}

function vector(data: Float32Array): Tensor {
  return { dtype: "float32", shape: [data.length], data };
}

function tensor(shape: readonly number[], valueAt: (index: number) => number): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  return { dtype: "float32", shape, data: Float32Array.from({ length: count }, (_, index) => valueAt(index)) };
}
