import type { Target } from "./target.ts";

/**
 * Bytes in onnxruntime on any x86-64 processor. Without VNNI two products of a byte and a weight are added in 16 bits and
 * saturate (vpmaddubsw), so weights keep to 7 bits.
 */
export const ortCpuX86: Target = {
  name: "ort-cpu-x86",
  title: "onnxruntime on any x86-64, 8-bit integers with 7-bit weights",
  engine: "onnxruntime",
  processor: "x86-64",
  anyOfFeatures: [],
  format: { kind: "int8", activations: "uint8", weights: "int8", weightBits: 7 },
};
