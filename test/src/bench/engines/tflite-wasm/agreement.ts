import { join } from "node:path";
import { type LoadedModel, startEngineHost, type Tensor } from "@fieldloop/edge-runtime/engine";
import { goldenCases, goldenClips } from "./mlperf-tiny.ts";

/** How a classifier in the wasm agrees with independent kernels. lsb: count of answers by distance in steps of 1/256 */
export interface ClassifierAgreement {
  readonly n: number;
  readonly sameTop: number;
  readonly worst: number;
  readonly lsb: ReadonlyMap<number, number>;
  readonly runUs: readonly number[];
}

/** The classifiers of MLPerf Tiny: their set, golden logits, scale of those, and how a set's bytes become the input. */
export const classifiers = {
  "ic01-fp32": {
    model: "pretrainedResnet",
    set: "ic01",
    golden: "ic01-resnet8-fp32",
    logitScale: 1,
    input: (bytes: Uint8Array): Tensor => ({ dtype: "uint8", shape: [1, 32, 32, 3], data: bytes }),
  },
  "ic01-int8": {
    model: "pretrainedResnet_quant",
    set: "ic01",
    golden: "ic01-resnet8-int8",
    logitScale: 0.17185351252555847,
    input: (bytes: Uint8Array): Tensor => ({ dtype: "uint8", shape: [1, 32, 32, 3], data: bytes }),
  },
  "kws01-int8": {
    model: "kws_ref_model",
    set: "kws01",
    golden: "kws01-dscnn-int8",
    logitScale: 0.14469251036643982,
    input: (bytes: Uint8Array): Tensor => ({ dtype: "int8", shape: [1, 49, 10, 1], data: new Int8Array(bytes) }),
  },
} as const;

/** Runs a classifier on the first `limit` inputs of its set. */
export async function classifierAgreement(
  folder: string,
  name: keyof typeof classifiers,
  limit: number,
): Promise<ClassifierAgreement> {
  const { model, set, golden, logitScale, input } = classifiers[name];
  const lsb = new Map<number, number>();
  const runUs: number[] = [];
  let [sameTop, worst, n] = [0, 0, 0];
  await withModel(folder, model, async (loaded) => {
    const [port] = loaded.inputs;
    for (const { bytes, logits } of goldenCases(folder, set, golden, limit)) {
      const result = await loaded.run({ [port?.name ?? ""]: input(bytes) });
      const got = Array.from(Object.values(result.outputs)[0]?.data ?? [], Number);
      const expected = softmax(logits.map((logit) => logit * logitScale));
      runUs.push(result.runUs);
      n += 1;
      if (topOf(got) === topOf(expected)) sameTop += 1;
      got.forEach((probability, index) => {
        const distance = probability - (expected[index] ?? Number.NaN);
        worst = Math.max(worst, Math.abs(distance));
        const steps = Math.round(probability * 256) - Math.min(255, Math.round((expected[index] ?? 0) * 256));
        lsb.set(steps, (lsb.get(steps) ?? 0) + 1);
      });
    }
  });
  return { n, sameTop, worst, lsb, runUs };
}

/** The largest relative difference of a clip's mean squared error to what independent kernels found. */
export async function anomalyAgreement(
  folder: string,
  name: "ad01-fp32" | "ad01-int8",
  limit: number,
): Promise<{ readonly n: number; readonly worst: number }> {
  const isFloat = name === "ad01-fp32";
  const clips = goldenClips(folder, limit);
  let worst = 0;
  await withModel(folder, isFloat ? "ad01_fp32" : "ad01_int8", async (loaded) => {
    for (const clip of clips) {
      const expected = isFloat ? clip.fp32 : clip.int8;
      worst = Math.max(worst, Math.abs((await errorOf(loaded, clip.samples)) / expected - 1));
    }
  });
  return { n: clips.length, worst };
}

const [frame, windowLength] = [128, 640];

/** The mean over all windows of five frames, stride one, of the mean squared reconstruction error. */
async function errorOf(model: LoadedModel, samples: Float32Array): Promise<number> {
  const [port] = model.inputs;
  let [sum, windows] = [0, 0];
  for (let at = 0; at + windowLength <= samples.length; at += frame) {
    const data = samples.slice(at, at + windowLength);
    const { outputs } = await model.run({ [port?.name ?? ""]: { dtype: "float32", shape: [1, windowLength], data } });
    const got = Object.values(outputs)[0]?.data ?? [];
    sum += data.reduce((total, value, index) => total + (value - Number(got[index])) ** 2, 0) / windowLength;
    windows += 1;
  }
  return sum / windows;
}

async function withModel(folder: string, name: string, use: (model: LoadedModel) => Promise<void>): Promise<void> {
  const host = await startEngineHost({ engine: "tflite" });
  try {
    await use(await host.load([{ name, bytes: join(folder, "models", `${name}.tflite`) }]));
  } finally {
    await host.close();
  }
}

function softmax(logits: readonly number[]): number[] {
  const highest = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - highest));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

const topOf = (values: readonly number[]): number => values.indexOf(Math.max(...values));
