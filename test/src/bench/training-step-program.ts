import { createInterface } from "node:readline";
import {
  buildClassifier,
  buildTrainingGraph,
  createRandom,
  initialState,
  serializeModel,
  stepInputs,
  takeStep,
} from "@fieldloop/compiler";
import { startInlineEngine, type Tensor } from "@fieldloop/edge-runtime/engine";
import type { StepNetwork } from "./training-step.ts";

const imageSize = 32;

const {
  channels,
  features,
  classes,
  threads,
  batch = 64,
  provider = "cpu",
} = JSON.parse(process.argv[2]!) as StepNetwork & {
  readonly threads: number;
  readonly batch?: number;
  readonly provider?: "cpu" | "webgpu" | "cuda";
};
const components = buildClassifier({
  imageSize,
  channels,
  embeddingSize: 64,
  features,
  heads: [{ name: "class", classes }],
  seed: 0,
});
const training = buildTrainingGraph(components, { batch, provider });
const state = initialState(components, training);
const engine = await startInlineEngine({
  threads,
  rewriting: "extended",
  providers: provider === "cpu" ? ["cpu"] : [provider, "cpu"],
});
const model = await engine.load([{ name: "step", bytes: serializeModel(training.graph) }]).catch((error: Error) => {
  process.stdout.write(`${JSON.stringify({ error: error.message })}\n`);
  process.exit(1);
});
const random = createRandom(1);
const image = tensor([batch, 3, imageSize, imageSize], () => random.normal());
const labels = tensor([batch, classes], (index) => (index % classes === Math.floor(index / classes) % classes ? 1 : 0));
const weights = tensor([batch], () => 1);
let step = 0;

type Step = { readonly wall: number; readonly cpu: number; readonly loss: number };

for await (const line of createInterface({ input: process.stdin })) {
  const times: Step[] = [];
  for (let index = 0; index < Number(line); index++) times.push(await timedStep());
  process.stdout.write(`${JSON.stringify(times)}\n`);
}
await engine.close();

async function timedStep(): Promise<Step> {
  step++;
  const started = performance.now();
  const cpuBefore = process.cpuUsage();
  const { outputs } = await model.run({
    image,
    "labels.class": labels,
    "weights.class": weights,
    ...stepInputs(training, state, { learningRate: 1e-3, step }),
  });
  takeStep(training, state, outputs, 0.1);
  const { user, system } = process.cpuUsage(cpuBefore);
  const loss = outputs.loss!.data[0] as number; // float32, as every output here
  return { wall: performance.now() - started, cpu: (user + system) / 1000, loss };
}

function tensor(shape: readonly number[], valueAt: (index: number) => number): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  return { dtype: "float32", shape, data: Float32Array.from({ length: count }, (_, index) => valueAt(index)) };
}
