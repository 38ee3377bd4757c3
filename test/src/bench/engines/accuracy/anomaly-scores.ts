import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compileVersion, importTflite, serializeModel } from "@fieldloop/compiler";
import { type Engine, type LoadedModel, startInlineEngine, type Tensor } from "@fieldloop/edge-runtime/engine";
import type { GoldenClip } from "../tflite-wasm/mlperf-tiny.ts";

/** The reconstruction error of every judged clip by each model. */
export type ClipScores = Readonly<Record<"fp32" | "reference" | "onnx" | "tflite", readonly number[]>>;

const [frame, windowLength] = [128, 640];

/**
 * Compiles MLPerf Tiny's float autoencoder to int8 ONNX and int8 TFLite, calibrated on every window of some clips, and scores
 * other clips with them, with the float one and with the suite's own int8 file.
 */
export async function anomalyScores(
  mlperf: string,
  clips: { readonly calibration: readonly GoldenClip[]; readonly judged: readonly GoldenClip[] },
  onnxTarget: string,
): Promise<ClipScores> {
  const file = (name: string) => readFileSync(join(mlperf, "models", name));
  const onnxruntime = await startInlineEngine();
  const wasm = await startInlineEngine({ engine: "tflite" });
  try {
    const graph = importTflite(file("ad01_fp32.tflite"));
    const input = graph.inputs[0]?.name ?? "";
    const { variants } = await compileVersion({
      components: [{ name: "autoencoder", role: "backbone", bytes: serializeModel(graph) }],
      targets: ["ort-cpu-fp32", onnxTarget, "tflite-int8"],
      calibrationInputs: clips.calibration.map(({ samples }) => ({ [input]: windowsOf(samples) })),
      engine: onnxruntime,
    });
    const [float, onnx, tflite] = variants.map(({ bytes }) => bytes) as [Uint8Array, Uint8Array, Uint8Array];
    return {
      fp32: await scores(onnxruntime, float, clips.judged),
      reference: await scores(wasm, new Uint8Array(file("ad01_int8.tflite")), clips.judged),
      onnx: await scores(onnxruntime, onnx, clips.judged),
      tflite: await scores(wasm, tflite, clips.judged),
    };
  } finally {
    await onnxruntime.close();
    await wasm.close();
  }
}

async function scores(engine: Engine, bytes: Uint8Array, clips: readonly GoldenClip[]): Promise<number[]> {
  const model = await engine.load([{ name: "autoencoder", bytes }]);
  const found: number[] = [];
  for (const { samples } of clips) found.push(await errorOf(model, windowsOf(samples)));
  await model.unload();
  return found;
}

async function errorOf(model: LoadedModel, windows: Tensor): Promise<number> {
  const { outputs } = await model.run({ [model.inputs[0]?.name ?? ""]: windows });
  const again = Object.values(outputs)[0]?.data ?? [];
  let sum = 0;
  for (const [index, value] of (windows.data as Float32Array).entries()) sum += (value - Number(again[index])) ** 2;
  return sum / windows.data.length;
}

/** All windows of five frames, stride one: float32 [windows, 640]. */
function windowsOf(samples: Float32Array): Tensor {
  const count = Math.floor((samples.length - windowLength) / frame) + 1;
  const data = new Float32Array(count * windowLength);
  for (let window = 0; window < count; window += 1) {
    data.set(samples.subarray(window * frame, window * frame + windowLength), window * windowLength);
  }
  return { dtype: "float32", shape: [count, windowLength], data };
}
