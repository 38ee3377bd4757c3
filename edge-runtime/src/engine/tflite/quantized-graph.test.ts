import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Engine } from "../engine.ts";
import { startEngineHost } from "../engine-host.ts";
import { tinyTflite, tinyTfliteDense, tinyTfliteHead } from "./tiny-tflite.ts";

const pixels = { name: "image", dtype: "int8", shape: [1, 4], scale: 1, zeroPoint: -128 } as const;
const embedding = { name: "embedding", dtype: "int8", shape: [1, 2], scale: 0.5, zeroPoint: -100 } as const;
const weights = Int8Array.of(10, -20, 30, 40, -50, 60, 70, -80);
const backbone = tinyTfliteDense({
  input: pixels,
  output: embedding,
  weights,
  weightScale: 0.01,
  bias: Int32Array.of(100, -100),
});
const head = tinyTfliteDense({
  input: embedding,
  output: { name: "score", dtype: "int8", shape: [1, 2], scale: 2, zeroPoint: 7 },
  weights: Int8Array.of(50, -50, 25, 75),
  weightScale: 0.02,
  bias: Int32Array.of(0, 8),
});
const load = [
  { name: "backbone", bytes: backbone },
  { name: "head", bytes: head },
];

describe("quantized TensorFlow Lite graphs", () => {
  let engine: Engine;
  before(async () => {
    engine = await startEngineHost({ engine: "tflite" });
  });
  after(() => engine.close());

  test("say how they are stored and give real numbers", async () => {
    const model = await engine.load(load.slice(0, 1));
    const quantization = { dtype: "int8", scale: 1, zeroPoint: -128 };
    const alsoTakes = ["float32", "uint8"];
    assert.deepEqual(model.inputs, [{ name: "image", dtype: "int8", shape: ["N", 4], alsoTakes, quantization }]);
    assert.deepEqual(model.outputs[0]?.dtype, "float32");
    assert.deepEqual(model.outputs[0]?.quantization, { dtype: "int8", scale: 0.5, zeroPoint: -100 });
  });

  test("take stored integers, pixels and real numbers alike", async () => {
    const model = await engine.load(load.slice(0, 1));
    const real = [0, 17, 128, 255];
    const shape = [1, 4];
    const stored = Int8Array.from(real, (value) => value - 128);
    const answers = [
      await model.run({ image: { dtype: "int8", shape, data: stored } }),
      await model.run({ image: { dtype: "uint8", shape, data: Uint8Array.from(real) } }),
      await model.run({ image: { dtype: "float32", shape, data: Float32Array.from(real) } }),
    ].map(({ outputs }) => [...(outputs.embedding?.data ?? [])]);
    assert.deepEqual(answers[0], denseByHand(real, weights, 0.01, [100, -100], embedding));
    assert.deepEqual(answers[1], answers[0]);
    assert.deepEqual(answers[2], answers[0]);
  });

  test("chain in integers: what a backbone gives is stored again exactly for its head", async () => {
    const model = await engine.load(load);
    const { outputs } = await model.run({
      image: { dtype: "uint8", shape: [1, 4], data: Uint8Array.of(9, 8, 7, 250) },
    });
    const middle = [...(outputs.embedding?.data ?? [])].map(Number);
    const output = { dtype: "int8", scale: 2, zeroPoint: 7 } as const;
    const expected = denseByHand(middle, Int8Array.of(50, -50, 25, 75), 0.02, [0, 8], output, 0.5);
    assert.ok(expected.every((value) => value !== 0 && Math.abs(value) < 200));
    assert.deepEqual([...(outputs.score?.data ?? [])], expected);
  });

  test("take and give unsigned bytes by their own parameters, clamped to what they can store", async () => {
    const bytes = tinyTflite({
      inputs: ["x"],
      outputs: ["y"],
      tensors: [
        { name: "x", dtype: "uint8", shape: [1, 3], scale: 0.5, zeroPoint: 10 },
        { name: "shape", dtype: "int32", shape: [2], data: Int32Array.of(1, 3) },
        { name: "y", dtype: "uint8", shape: [1, 3], scale: 0.5, zeroPoint: 10 },
      ],
      operators: [{ op: "reshape", inputs: ["x", "shape"], output: "y" }],
      isFree: false,
    });
    const model = await engine.load([{ name: "same", bytes }]);
    assert.deepEqual(model.inputs[0]?.shape, [1, 3]);
    const real = await model.run({ x: { dtype: "float32", shape: [1, 3], data: Float32Array.of(-7, 1.25, 999) } });
    assert.deepEqual(real.outputs.y, { dtype: "float32", shape: [1, 3], data: Float32Array.of(-5, 1.5, 122.5) });
    const stored = await model.run({ x: { dtype: "uint8", shape: [1, 3], data: Uint8Array.of(0, 10, 255) } });
    assert.deepEqual(stored.outputs.y?.data, Float32Array.of(-5, 0, 122.5));
  });

  test("chain with a float head", async () => {
    const model = await engine.load([
      ...load.slice(0, 1),
      { name: "sign", bytes: tinyTfliteHead("sign", { size: 2, classes: 2, seed: 5 }) },
    ]);
    const { outputs } = await model.run({
      image: { dtype: "uint8", shape: [1, 4], data: Uint8Array.of(9, 8, 7, 250) },
    });
    const alone = await engine.load([
      { name: "sign", bytes: tinyTfliteHead("sign", { size: 2, classes: 2, seed: 5 }) },
    ]);
    assert.ok(outputs.embedding);
    assert.deepEqual((await alone.run({ embedding: outputs.embedding })).outputs.sign, outputs.sign);
  });
});

const ranges = { int8: [-128, 127], uint8: [0, 255] } as const;

/** One dense layer in exact arithmetic, its result rounded to what the output can store: the reference. */
function denseByHand(
  real: readonly number[],
  w: Int8Array,
  weightScale: number,
  bias: readonly number[],
  { dtype, scale, zeroPoint }: { readonly dtype: "int8" | "uint8"; readonly scale: number; readonly zeroPoint: number },
  inputScale = 1,
): number[] {
  const [lowest, highest] = ranges[dtype];
  return bias.map((start, output) => {
    const sum = real.reduce(
      (total, value, input) => total + value * (w[input * bias.length + output] as number) * weightScale,
      start * inputScale * weightScale,
    );
    const stored = Math.min(highest, Math.max(lowest, Math.round(sum / scale) + zeroPoint));
    return (stored - zeroPoint) * scale;
  });
}
