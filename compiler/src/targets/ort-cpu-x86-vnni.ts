import type { Target } from "./target.ts";

/** Bytes in onnxruntime on x86-64 processors that multiply bytes into 32 bits in one instruction. */
export const ortCpuX86Vnni: Target = {
  name: "ort-cpu-x86-vnni",
  title: "onnxruntime on x86-64 with VNNI, 8-bit integers",
  engine: "onnxruntime",
  processor: "x86-64",
  anyOfFeatures: ["avx512_vnni", "avx_vnni"],
  format: { kind: "int8", activations: "uint8", weights: "int8", weightBits: 8 },
};
