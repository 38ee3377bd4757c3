import type { Bench } from "../bench.ts";
import { denseInt8Bench } from "./dense-int8.ts";
import { gpuBench } from "./gpu.ts";
import { onnxNodesBench } from "./onnx-nodes.ts";
import { tfliteWasmBench } from "./tflite-wasm.ts";

/** What `npm run bench -- engines` runs, in order; one line adds a part, whose name is the ID of `--only`. */
export const engineParts: readonly Bench[] = [onnxNodesBench, denseInt8Bench, gpuBench, tfliteWasmBench];
