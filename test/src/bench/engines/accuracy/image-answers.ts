import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compileVersion, importTflite, serializeModel } from "@fieldloop/compiler";
import { type Engine, type LoadedModel, startInlineEngine } from "@fieldloop/edge-runtime/engine";
import type { CifarImages, LabelledImage } from "./cifar10-images.ts";

/** The classes that each model gives to the same images, in their order. */
export type Answers = Readonly<Record<"fp32" | "reference" | "onnx" | "tflite", readonly number[]>>;

/** What was compiled, and its bytes beside the suite's own int8 file. */
export interface ImageRun {
  readonly lossless: Answers;
  readonly jpeg: Answers;
  readonly bytes: Readonly<Record<"reference" | "onnx" | "tflite", number>>;
}

/**
 * Compiles MLPerf Tiny's float ResNet-8 file to int8 ONNX and int8 TFLite and runs them beside the float one and the suite's own
 * int8 file on the same images.
 */
export async function imageAnswers(mlperf: string, images: CifarImages, onnxTarget: string): Promise<ImageRun> {
  const file = (name: string) => readFileSync(join(mlperf, "models", name));
  const onnxruntime = await startInlineEngine();
  const wasm = await startInlineEngine({ engine: "tflite" });
  try {
    const graph = importTflite(file("pretrainedResnet.tflite"), { pixels: "raw" });
    const { variants } = await compileVersion({
      components: [{ name: "backbone", role: "backbone", bytes: serializeModel(graph) }],
      targets: ["ort-cpu-fp32", onnxTarget, "tflite-int8"],
      calibration: images.calibration.map(({ image }) => image),
      engine: onnxruntime,
    });
    const [float, onnx, tflite] = variants.map(({ bytes }) => bytes) as [Uint8Array, Uint8Array, Uint8Array];
    const reference = new Uint8Array(file("pretrainedResnet_quant.tflite"));
    const models = {
      fp32: await loaded(onnxruntime, float),
      reference: await loaded(wasm, reference),
      onnx: await loaded(onnxruntime, onnx),
      tflite: await loaded(wasm, tflite),
    };
    const bytes = { reference: reference.length, onnx: onnx.length, tflite: tflite.length };
    return { lossless: await allAnswers(models, images.lossless), jpeg: await allAnswers(models, images.jpeg), bytes };
  } finally {
    await onnxruntime.close();
    await wasm.close();
  }
}

function loaded(engine: Engine, bytes: Uint8Array): Promise<LoadedModel> {
  return engine.load([{ name: "classifier", bytes }]);
}

async function allAnswers(
  models: Readonly<Record<keyof Answers, LoadedModel>>,
  images: readonly LabelledImage[],
): Promise<Answers> {
  const [fp32, reference, onnx, tflite] = [
    await answers(models.fp32, images),
    await answers(models.reference, images),
    await answers(models.onnx, images),
    await answers(models.tflite, images),
  ];
  return { fp32, reference, onnx, tflite };
}

async function answers(model: LoadedModel, images: readonly LabelledImage[]): Promise<number[]> {
  const found: number[] = [];
  const input = model.inputs[0]?.name ?? "";
  for (const { image } of images) {
    const { outputs } = await model.run({ [input]: { dtype: "uint8", shape: [1, 32, 32, 3], data: image.data } });
    const scores = Array.from(Object.values(outputs)[0]?.data ?? [], Number);
    found.push(scores.indexOf(Math.max(...scores)));
  }
  return found;
}
