import assert from "node:assert/strict";
import { test } from "node:test";
import { CompilerError } from "../../errors.ts";
import type { TfliteOptions, TfliteTensor } from "../tflite-model.ts";
import { operatorVersion } from "./operator-version.ts";
import { TfliteBuilder } from "./tflite-builder.ts";

type Form = Omit<TfliteTensor, "name">;

const float = (...shape: number[]): Form => ({ type: "float32", shape });
const int8 = (shape: readonly number[], scale = 0.1): Form => ({
  type: "int8",
  shape,
  quantization: { scale: Float32Array.of(scale), zeroPoint: [0], axis: 0 },
});
const image = [1, 4, 4, 8];
const none = { kind: "none" } as const;

/** Operator, version in op_version.cc, options, inputs and output. */
const known: readonly (readonly [string, number, TfliteOptions, readonly Form[], Form])[] = [
  ["CONV_2D", 1, { kind: "Conv2DOptions" }, [float(...image), float(8, 1, 1, 8)], float(...image)],
  ["CONV_2D", 3, { kind: "Conv2DOptions" }, [int8(image), int8([8, 1, 1, 8])], int8(image)],
  ["CONV_2D", 6, { kind: "Conv2DOptions" }, [float(...image), float(8, 1, 1, 4)], float(...image)],
  ["DEPTHWISE_CONV_2D", 1, { kind: "DepthwiseConv2DOptions" }, [float(...image), float(1, 3, 3, 8)], float(...image)],
  [
    "DEPTHWISE_CONV_2D",
    2,
    { kind: "DepthwiseConv2DOptions", dilationH: 2 },
    [float(...image), float(1, 3, 3, 8)],
    float(...image),
  ],
  ["DEPTHWISE_CONV_2D", 3, { kind: "DepthwiseConv2DOptions" }, [int8(image), int8([1, 3, 3, 8])], int8(image)],
  ["FULLY_CONNECTED", 1, { kind: "FullyConnectedOptions" }, [float(1, 4), float(2, 4)], float(1, 2)],
  [
    "FULLY_CONNECTED",
    5,
    { kind: "FullyConnectedOptions", keepNumDims: 1 },
    [float(1, 3, 4), float(2, 4)],
    float(1, 3, 2),
  ],
  ["ADD", 1, { kind: "AddOptions" }, [float(1, 4), float(1, 4)], float(1, 4)],
  ["ADD", 2, { kind: "AddOptions" }, [int8([1, 4]), int8([1, 4])], int8([1, 4])],
  ["MUL", 2, { kind: "MulOptions" }, [int8([1, 4]), int8([1, 4])], int8([1, 4])],
  ["MUL", 3, { kind: "MulOptions" }, [int8([1, 4], 2), int8([1, 4], 3)], int8([1, 4], 5)],
  ["DEQUANTIZE", 1, none, [{ ...int8([1, 4]), type: "uint8" }], float(1, 4)],
  ["DEQUANTIZE", 2, none, [int8([1, 4])], float(1, 4)],
  ["QUANTIZE", 1, none, [{ ...int8([1, 4]), type: "uint8" }], int8([1, 4])],
  ["PAD", 2, none, [int8(image)], int8(image)],
  ["PAD", 4, none, [float(1, 2, 3, 4, 5)], float(1, 2, 3, 4, 5)],
  ["TRANSPOSE", 2, none, [int8(image)], int8(image)],
  ["MEAN", 2, none, [int8(image)], int8([1, 8])],
  ["MAX_POOL_2D", 2, none, [int8(image)], int8(image)],
  ["RESHAPE", 1, none, [int8(image)], int8([1, 128])],
];

test("every operator carries the version since which its form is run", () => {
  for (const [op, version, options, inputs, output] of known) {
    const named = (form: Form): TfliteTensor => ({ name: "", ...form });
    const operator = { op, inputs: inputs.map((_, place) => place), outputs: [inputs.length], options };
    assert.equal(operatorVersion({ operator, inputs: inputs.map(named), output: named(output) }), version, op);
  }
});

test("an operator whose version is not known is never written", () => {
  const builder = new TfliteBuilder();
  const x = builder.tensor({ name: "x", ...float(1, 4) });
  assert.throws(
    () => builder.add("LSTM", [x], float(1, 4)),
    (error) => error instanceof CompilerError && error.code === "unsupported-operator",
  );
});
