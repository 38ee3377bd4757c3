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

/** A convolution of images [1, 32, 32, 3] in floats, its planes averaged into four scores, for tests. */
export function imageModel(): TfliteModel {
  const weights = Array.from({ length: 4 * 27 }, (_, place) => Math.sin(place * place));
  return {
    name: "main",
    description: "",
    tensors: [
      { name: "x", type: "float32", shape: [1, 32, 32, 3], signature: [-1, 32, 32, 3] },
      floats("weight", [4, 3, 3, 3], weights),
      floats("bias", [4], [0.1, -0.1, 0.2, 0]),
      { name: "planes", type: "float32", shape: [1, 16, 16, 4] },
      integers("axes", [1, 2]),
      { name: "y", type: "float32", shape: [1, 4], signature: [-1, 4] },
    ],
    inputs: [0],
    outputs: [5],
    operators: [
      {
        op: "CONV_2D",
        version: 1,
        inputs: [0, 1, 2],
        outputs: [3],
        options: {
          kind: "Conv2DOptions",
          padding: 0,
          strideW: 2,
          strideH: 2,
          activation: 1,
          dilationW: 1,
          dilationH: 1,
        },
      },
      { op: "MEAN", version: 1, inputs: [3, 4], outputs: [5], options: { kind: "ReducerOptions", keepDims: 0 } },
    ],
  };
}
