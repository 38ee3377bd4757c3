import type { Target } from "./target.ts";

/** 32-bit floats in onnxruntime on any processor: the reference for every other target. */
export const ortCpuFp32: Target = {
  name: "ort-cpu-fp32",
  title: "onnxruntime on any processor, 32-bit floats",
  engine: "onnxruntime",
  processor: "any",
  anyOfFeatures: [],
  format: { kind: "fp32" },
};
