import type { Bench } from "../bench.ts";
import { adAucBench } from "./ad-auc.ts";
import { denseInt8Bench } from "./dense-int8.ts";
import { gpuBench } from "./gpu.ts";
import { icAccuracyBench } from "./ic-accuracy.ts";
import { mergeBench } from "./merge.ts";
import { onnxNodesBench } from "./onnx-nodes.ts";
import { remoteBench } from "./remote.ts";
import { tfliteReferenceBench } from "./tflite-reference.ts";
import { tfliteWasmBench } from "./tflite-wasm.ts";

/** What `npm run bench -- engines` runs, in order; one line adds a part, whose name is the ID of `--only`. */
export const engineParts: readonly Bench[] = [
  onnxNodesBench,
  denseInt8Bench,
  mergeBench,
  gpuBench,
  tfliteWasmBench,
  remoteBench,
  tfliteReferenceBench,
  icAccuracyBench,
  adAucBench,
];
