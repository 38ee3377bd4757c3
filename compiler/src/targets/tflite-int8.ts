import type { Target } from "./target.ts";

/** Signed bytes in TensorFlow Lite on any processor: what it runs fastest on the ARM cores of small boards. */
export const tfliteInt8: Target = {
  name: "tflite-int8",
  title: "TensorFlow Lite on any processor, 8-bit integers",
  engine: "tflite",
  processor: "any",
  anyOfFeatures: [],
  format: { kind: "int8", activations: "int8", weights: "int8", weightBits: 8 },
};
