import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Elements, parseTflite, runReference, type TfliteModel } from "@fieldloop/compiler";
import { goldenCases, goldenClips } from "../tflite-wasm/mlperf-tiny.ts";

/** How the reference kernels' logits lie beside the golden ones. steps: count by distance in units of the last place */
export interface LogitAgreement {
  readonly n: number;
  readonly steps: ReadonlyMap<number, number>;
  /** The largest difference of a float logit, relative to the golden one or to 1 where that is smaller. */
  readonly worst: number;
}

/** The classifiers of MLPerf Tiny: file, set, golden logits, and how a set's bytes become the input. */
export const referenceClassifiers = {
  "ic01-fp32": {
    model: "pretrainedResnet",
    set: "ic01",
    golden: "ic01-resnet8-fp32",
    input: (bytes: Uint8Array): Elements => Float32Array.from(bytes),
  },
  "ic01-int8": {
    model: "pretrainedResnet_quant",
    set: "ic01",
    golden: "ic01-resnet8-int8",
    input: (bytes: Uint8Array): Elements => Int8Array.from(bytes, (byte) => byte - 128),
  },
  "kws01-int8": {
    model: "kws_ref_model",
    set: "kws01",
    golden: "kws01-dscnn-int8",
    input: (bytes: Uint8Array): Elements => new Int8Array(bytes),
  },
} as const;

/** Runs a classifier's file by the reference kernels on the first `limit` inputs of its set. */
export function logitAgreement(folder: string, name: keyof typeof referenceClassifiers, limit: number): LogitAgreement {
  const { model: file, set, golden, input } = referenceClassifiers[name];
  const model = modelAt(folder, file);
  const logitsAt = model.operators.find(({ op }) => op === "SOFTMAX")?.inputs[0] ?? -1;
  const steps = new Map<number, number>();
  let [n, worst] = [0, 0];
  for (const { bytes, logits } of goldenCases(folder, set, golden, limit)) {
    const found = runReference(model, { [inputOf(model).name]: input(bytes) }).get(logitsAt);
    n += 1;
    for (const [index, expected] of logits.entries()) {
      const distance = Number(found?.[index]) - expected;
      if (found instanceof Float32Array) worst = Math.max(worst, Math.abs(distance) / Math.max(1, Math.abs(expected)));
      else steps.set(distance, (steps.get(distance) ?? 0) + 1);
    }
  }
  return { n, steps, worst };
}

/** The largest relative difference of a clip's reconstruction error by the reference kernels to the golden one. */
export function clipAgreement(
  folder: string,
  name: "ad01_fp32" | "ad01_int8",
  limit: number,
): { readonly n: number; readonly worst: number } {
  const model = modelAt(folder, name);
  const clips = goldenClips(folder, limit);
  let worst = 0;
  for (const clip of clips) {
    const expected = name === "ad01_fp32" ? clip.fp32 : clip.int8;
    worst = Math.max(worst, Math.abs(clipError(model, clip.samples) / expected - 1));
  }
  return { n: clips.length, worst };
}

const [frame, windowLength] = [128, 640];

function clipError(model: TfliteModel, samples: Float32Array): number {
  const output = model.tensors[model.outputs[0] ?? -1];
  const { scale = 1, zeroPoint = 0 } = single(output?.quantization);
  let [sum, windows] = [0, 0];
  for (let at = 0; at + windowLength <= samples.length; at += frame) {
    const data = samples.slice(at, at + windowLength);
    const stored = runReference(model, { [inputOf(model).name]: inputElements(model, data) }).get(
      model.outputs[0] ?? -1,
    );
    sum += data.reduce(
      (total, value, index) => total + (value - (Number(stored?.[index]) - zeroPoint) * scale) ** 2,
      0,
    );
    windows += 1;
  }
  return sum / windowLength / windows;
}

function inputElements(model: TfliteModel, data: Float32Array): Elements {
  const { quantization } = inputOf(model);
  if (quantization === undefined) return data;
  const { scale = 1, zeroPoint = 0 } = single(quantization);
  return Int8Array.from(data, (value) => Math.min(127, Math.max(-128, Math.round(value / scale) + zeroPoint)));
}

function single(quantization: TfliteModel["tensors"][number]["quantization"]) {
  return { scale: quantization?.scale[0], zeroPoint: quantization?.zeroPoint[0] };
}

function inputOf(model: TfliteModel): TfliteModel["tensors"][number] {
  const found = model.tensors[model.inputs[0] ?? -1];
  if (found === undefined) throw new Error("Expected a model with an input, found none; fetch the data set again.");
  return found;
}

function modelAt(folder: string, name: string): TfliteModel {
  return parseTflite(readFileSync(join(folder, "models", `${name}.tflite`)));
}
