import type { Target } from "./target.ts";

/** 32-bit floats in TensorFlow Lite on any processor. */
export const tfliteFloat32: Target = {
  name: "tflite-float32",
  title: "TensorFlow Lite on any processor, 32-bit floats",
  engine: "tflite",
  processor: "any",
  anyOfFeatures: [],
  format: { kind: "fp32" },
};
