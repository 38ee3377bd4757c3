import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Engine, elementCount, startInlineEngine, type Tensor } from "@fieldloop/edge-runtime/engine";
import { CompilerError } from "../../errors.ts";
import { seededRandom } from "../../statistics/index.ts";
import { TfliteBuilder } from "../export/tflite-builder.ts";
import { parseTflite } from "../parse-tflite.ts";
import { serializeTflite } from "../serialize-tflite.ts";
import { denseModel } from "../small-models.ts";
import type { TfliteOptions, TfliteTensor } from "../tflite-model.ts";
import { runReference } from "./run-reference.ts";

let wasm: Engine;
before(async () => {
  wasm = await startInlineEngine({ engine: "tflite" });
});
after(() => wasm.close());

const random = seededRandom("reference kernels");
const quantized = (shape: readonly number[], scale: number, zeroPoint: number): Omit<TfliteTensor, "name"> => ({
  type: "int8",
  shape,
  quantization: { scale: Float32Array.of(scale), zeroPoint: [zeroPoint], axis: 0 },
});
const bytes = (count: number) => Int8Array.from({ length: count }, () => Math.floor(256 * random()) - 128);

interface Case {
  readonly of: string;
  readonly input: Omit<TfliteTensor, "name">;
  readonly grow: (builder: TfliteBuilder, input: number, other: number) => number;
  /** Steps that runtimes may differ by: 1 where they sum in another order or read a curve from a table. */
  readonly steps: number;
}

const unary =
  (op: string, output: Omit<TfliteTensor, "name">, options?: TfliteOptions): Case["grow"] =>
  (builder, x) =>
    builder.add(op, [x], output, options);

const binary =
  (op: string, options: TfliteOptions, output: Omit<TfliteTensor, "name">): Case["grow"] =>
  (builder, x, other) =>
    builder.add(op, [x, other], output, options);

const rows = quantized([1, 60], 0.05, -3);
const planes = quantized([1, 6, 5, 3], 0.05, -3);
const window = { kind: "Pool2DOptions", padding: 0, strideW: 2, strideH: 2, filterW: 3, filterH: 3 } as const;

const cases: readonly Case[] = [
  {
    of: "ADD",
    input: rows,
    grow: binary("ADD", { kind: "AddOptions", activation: 1 }, quantized([1, 60], 0.09, -100)),
    steps: 1,
  },
  { of: "SUB", input: rows, grow: binary("SUB", { kind: "SubOptions" }, quantized([1, 60], 0.09, 4)), steps: 1 },
  { of: "MUL", input: rows, grow: binary("MUL", { kind: "MulOptions" }, quantized([1, 60], 0.4, 4)), steps: 1 },
  {
    of: "AVERAGE_POOL_2D",
    input: planes,
    grow: unary("AVERAGE_POOL_2D", quantized([1, 3, 3, 3], 0.05, -3), window),
    steps: 1,
  },
  { of: "MAX_POOL_2D", input: planes, grow: unary("MAX_POOL_2D", quantized([1, 3, 3, 3], 0.05, -3), window), steps: 0 },
  {
    of: "MEAN",
    input: planes,
    grow: (builder, x) =>
      builder.add("MEAN", [x, builder.integers([1, 2])], quantized([1, 1, 1, 3], 0.03, 7), {
        kind: "ReducerOptions",
        keepDims: 1,
      }),
    steps: 1,
  },
  {
    of: "SOFTMAX",
    input: rows,
    grow: unary("SOFTMAX", quantized([1, 60], 1 / 256, -128), { kind: "SoftmaxOptions", beta: 1 }),
    steps: 1,
  },
  { of: "LOGISTIC", input: rows, grow: unary("LOGISTIC", quantized([1, 60], 1 / 256, -128)), steps: 1 },
  { of: "TANH", input: rows, grow: unary("TANH", quantized([1, 60], 1 / 128, 0)), steps: 1 },
  { of: "RELU", input: rows, grow: unary("RELU", quantized([1, 60], 0.03, -128)), steps: 1 },
  { of: "RELU6", input: rows, grow: unary("RELU6", quantized([1, 60], 0.03, -128)), steps: 1 },
  {
    of: "QUANTIZE to another scale",
    input: rows,
    grow: unary("QUANTIZE", quantized([1, 60], 0.13, 17), { kind: "QuantizeOptions" }),
    steps: 1,
  },
  {
    of: "PAD",
    input: planes,
    grow: (builder, x) =>
      builder.add("PAD", [x, builder.integers([0, 0, 1, 2, 0, 1, 0, 0], [4, 2])], quantized([1, 9, 6, 3], 0.05, -3), {
        kind: "PadOptions",
      }),
    steps: 0,
  },
  {
    of: "CONCATENATION",
    input: rows,
    grow: (builder, x) =>
      builder.add("CONCATENATION", [x, x], quantized([1, 120], 0.05, -3), { kind: "ConcatenationOptions", axis: 1 }),
    steps: 0,
  },
  {
    of: "TRANSPOSE",
    input: planes,
    grow: (builder, x) =>
      builder.add("TRANSPOSE", [x, builder.integers([0, 3, 1, 2])], quantized([1, 3, 6, 5], 0.05, -3), {
        kind: "TransposeOptions",
      }),
    steps: 0,
  },
];

for (const { of, input, grow, steps } of cases) {
  test(`${of} gives the wasm's integers within ${steps}`, async () => {
    const builder = new TfliteBuilder();
    const x = builder.tensor({ name: "x", ...input });
    const other = builder.tensor({ name: "other", ...quantized(input.shape, 0.11, 20) });
    const y = grow(builder, x, other);
    builder.rename(y, "y");
    const file = serializeTflite(builder.build("main", [x, other], [y]));
    const model = parseTflite(file);
    const { scale, zeroPoint } = model.tensors[model.outputs[0]!]!.quantization!;
    const loaded = await wasm.load([{ name: of, bytes: file }]);
    for (let trial = 0; trial < 20; trial += 1) {
      const [one, two] = [0, 1].map(() => bytes(elementCount(input.shape))) as [Int8Array, Int8Array];
      const feed = (data: Int8Array): Tensor => ({ dtype: "int8", shape: input.shape, data });
      const { outputs } = await loaded.run({ x: feed(one), other: feed(two) });
      const found = Array.from(outputs.y!.data as Float32Array, (real) => Math.round(real / scale[0]!) + zeroPoint[0]!);
      const expected = [...runReference(model, { x: one, other: two }).get(model.outputs[0]!)!];
      found.forEach((value, index) => {
        assert.ok(Math.abs(value - expected[index]!) <= steps, `${index}: ${value} against ${expected[index]}`);
      });
    }
    await loaded.unload();
  });
}

test("a layer of floats equals sums done by hand", () => {
  const model = denseModel();
  const found = runReference(model, { x: Float32Array.of(1, 2, 3) }).get(3)!;
  assert.deepEqual([...found], [Math.max(0, 1 - 4 + 9 + 0.25), Math.max(0, 0.5 - 3 - 4)]);
});

test("what the reference has no kernel for, and inputs that do not fit, are refused by code", () => {
  const model = denseModel();
  const [operator] = model.operators;
  const refused = (work: () => unknown, code: string) =>
    assert.throws(work, (error) => error instanceof CompilerError && error.code === code);
  const x = Float32Array.of(1, 2, 3);
  refused(() => runReference({ ...model, operators: [{ ...operator!, op: "LSTM" }] }, { x }), "unsupported-operator");
  const tanh = { kind: "FullyConnectedOptions", activation: 4 } as const;
  refused(
    () => runReference({ ...model, operators: [{ ...operator!, options: tanh }] }, { x }),
    "unsupported-operator",
  );
  refused(() => runReference(model, { x: Float32Array.of(1, 2) }), "invalid-argument");
  refused(() => runReference(model, { x: Int8Array.of(1, 2, 3) }), "invalid-argument");
  refused(() => runReference(model, {}), "invalid-argument");
});
