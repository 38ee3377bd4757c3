import type { TfliteModel, TfliteTensor } from "./tflite-model.ts";

/** One fully-connected layer [1, 3] → [1, 2] in floats, for tests. */
export function denseModel(): TfliteModel {
  return {
    name: "main",
    description: "a layer",
    tensors: [
      { name: "x", type: "float32", shape: [1, 3], signature: [-1, 3] },
      floats("weight", [2, 3], [1, -2, 3, 0.5, 0, -1]),
      floats("bias", [2], [0.25, -4]),
      { name: "y", type: "float32", shape: [1, 2], signature: [-1, 2] },
    ],
    inputs: [0],
    outputs: [3],
    operators: [
      {
        op: "FULLY_CONNECTED",
        version: 1,
        inputs: [0, 1, 2],
        outputs: [3],
        options: { kind: "FullyConnectedOptions", activation: 1, weightsFormat: 0, keepNumDims: 0 },
      },
    ],
  };
}

/** A constant of floats. */
export function floats(name: string, shape: readonly number[], values: readonly number[]): TfliteTensor {
  return { name, type: "float32", shape, data: new Uint8Array(Float32Array.from(values).buffer) };
}

/** A constant of 32-bit integers. */
export function integers(
  name: string,
  values: readonly number[],
  shape: readonly number[] = [values.length],
): TfliteTensor {
  return { name, type: "int32", shape, data: new Uint8Array(Int32Array.from(values).buffer) };
}
