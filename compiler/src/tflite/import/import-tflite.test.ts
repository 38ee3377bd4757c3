import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Engine, startInlineEngine, type Tensor } from "@fieldloop/edge-runtime/engine";
import { CompilerError } from "../../errors.ts";
import type { Graph } from "../../graph/graph.ts";
import { serializeModel } from "../../graph/model.ts";
import { elementCount } from "../../graph/tensor.ts";
import { seededRandom } from "../../statistics/index.ts";
import { TfliteBuilder } from "../export/tflite-builder.ts";
import { parseTflite } from "../parse-tflite.ts";
import { runReference } from "../reference/run-reference.ts";
import { serializeTflite } from "../serialize-tflite.ts";
import { denseModel, imageModel } from "../small-models.ts";
import { cases, conv, type Grow, noise } from "./import-cases.fixture.ts";
import { importTflite } from "./import-tflite.ts";

let engine: Engine;
const random = seededRandom("imported models");

before(async () => {
  engine = await startInlineEngine();
});
after(() => engine.close());

for (const { of, input, grow, operators } of cases) {
  test(`imports ${of}`, async () => {
    const bytes = modelOf(input, grow);
    const graph = importTflite(bytes);
    assert.deepEqual(
      graph.nodes.map(({ op }) => op),
      operators,
    );
    await equalsReference(bytes, graph);
  });
}

test("halves and integers that hold weights become floats", async () => {
  const weights = Float32Array.of(0.5, -1.25, 2, 0.75, -3, 1);
  const halves = new Uint8Array(Float16Array.from(weights).buffer);
  const stored = Int8Array.of(2, -5, 8, 3, -12, 4);
  const model = denseModel();
  const weightAs = (change: object) =>
    model.tensors.map((tensor, place) => (place === 1 ? { ...tensor, ...change } : tensor));
  const asFloats = serializeTflite({ ...model, tensors: weightAs({ data: new Uint8Array(weights.buffer) }) });
  const asBytes = serializeTflite({
    ...model,
    tensors: weightAs({
      type: "int8",
      data: new Uint8Array(stored.buffer),
      quantization: { scale: Float32Array.of(0.25, 0.25), zeroPoint: [0, 0], axis: 0 },
    }),
  });
  const tensors = [
    ...weightAs({ name: "w" }),
    { name: "halves", type: "float16" as const, shape: [2, 3], data: halves },
  ];
  const dequantize = { op: "DEQUANTIZE", version: 3, inputs: [4], outputs: [1], options: { kind: "none" } as const };
  const asHalves = serializeTflite({
    ...model,
    tensors: tensors.map((tensor, place) =>
      place === 1 ? { name: "w", type: "float32" as const, shape: [2, 3] } : tensor,
    ),
    operators: [dequantize, ...model.operators],
  });
  for (const bytes of [asBytes, asHalves]) await equalsReference(asFloats, importTflite(bytes));
});

test("inputs and outputs keep their names, and an open batch stays open", async () => {
  const graph = importTflite(serializeTflite(denseModel()));
  assert.deepEqual(
    graph.inputs.map(({ name, shape }) => [name, shape]),
    [["x", ["N", 3]]],
  );
  assert.deepEqual(
    graph.outputs.map(({ name, shape }) => [name, shape]),
    [["y", ["N", 2]]],
  );
  const both = await run(graph, { x: { dtype: "float32", shape: [2, 3], data: Float32Array.of(1, 2, 3, -1, 0, 4) } });
  const each = [
    [1, 2, 3],
    [-1, 0, 4],
  ].flatMap((row) => [...reference(serializeTflite(denseModel()), Float32Array.from(row))]);
  assert.deepEqual([...both], each);
});

test("named pixels make a backbone that reads raw bytes", async () => {
  const bytes = modelOf([1, 4, 4, 3], conv({ activation: 1 }, [2, 3, 3, 3], [1, 4, 4, 2]));
  const data = Uint8Array.from({ length: 48 }, () => 256 * random());
  for (const [pixels, real] of [
    ["raw", (byte: number) => byte],
    ["signed", (byte: number) => byte / 127.5 - 1],
  ] as const) {
    const graph = importTflite(bytes, { pixels });
    assert.deepEqual(
      graph.inputs.map(({ name, dtype }) => [name, dtype]),
      [["image", "uint8"]],
    );
    const found = await run(graph, { image: { dtype: "uint8", shape: [1, 4, 4, 3], data } });
    close(found, reference(bytes, Float32Array.from(data, real)));
  }
  const rows = serializeTflite(denseModel());
  refused(() => importTflite(rows, { pixels: "raw" }), "shape-mismatch", /leave the pixels out/);
});

test("what cannot be imported is refused with operator, tensor and a way out", () => {
  const model = denseModel();
  const [operator] = model.operators;
  const refusedWith = (change: object, pattern: RegExp) =>
    refused(() => importTflite(serializeTflite({ ...model, ...change })), "unsupported-operator", pattern);
  const named = model.tensors.map((tensor, place) => (place === 3 ? { ...tensor, name: "scores" } : tensor));
  refusedWith(
    { tensors: named, operators: [{ ...operator!, op: "BATCH_MATMUL" }] },
    /BATCH_MATMUL making "scores".*run the \.tflite file as it is/,
  );
  refusedWith(
    { operators: [{ ...operator!, options: { kind: "FullyConnectedOptions", activation: 5 } }] },
    /fused activation 5/,
  );
  const integers = model.tensors.map((tensor, place) => (place === 0 ? { ...tensor, type: "int8" as const } : tensor));
  refusedWith({ tensors: integers }, /input "x": it takes int8; give the float model/);
});

test("files with changed bytes are imported or refused by code, never anything else", () => {
  const files = [serializeTflite(denseModel()), serializeTflite(imageModel())];
  const changes = seededRandom("imported mutants");
  let imported = 0;
  for (let trial = 0; trial < 4000; trial += 1) {
    const mutant = files[trial % 2]!.slice();
    for (let change = 0; change <= 3 * changes(); change += 1) {
      const at = Math.floor(changes() * mutant.length);
      mutant[at] = changes() < 0.5 ? mutant[at]! ^ (1 << Math.floor(8 * changes())) : 255;
    }
    try {
      importTflite(mutant, changes() < 0.3 ? { pixels: "raw" } : {});
      imported += 1;
    } catch (error) {
      assert.ok(error instanceof CompilerError, String(error));
    }
  }
  assert.ok(imported > 400 && imported < 3600, `${imported}`);
});

function modelOf(input: readonly number[], grow: Grow): Uint8Array {
  const builder = new TfliteBuilder();
  const x = builder.tensor({ name: "x", type: "float32", shape: input, signature: [-1, ...input.slice(1)] });
  const y = grow(builder, x);
  builder.rename(y, "y");
  return serializeTflite(builder.build("main", [x], [y]));
}

async function equalsReference(bytes: Uint8Array, graph: Graph): Promise<void> {
  const { tensors, inputs } = parseTflite(bytes);
  const { name, shape } = tensors[inputs[0]!]!;
  const data = noise(elementCount(shape));
  close(await run(graph, { [name]: { dtype: "float32", shape, data } }), reference(bytes, data));
}

async function run(graph: Graph, inputs: Readonly<Record<string, Tensor>>): Promise<Float32Array> {
  const model = await engine.load([{ name: graph.name, bytes: serializeModel(graph) }]);
  const { outputs } = await model.run(inputs);
  await model.unload();
  return outputs[graph.outputs[0]!.name]!.data as Float32Array;
}

function reference(bytes: Uint8Array, data: Float32Array): Float32Array {
  const model = parseTflite(bytes);
  return runReference(model, { [model.tensors[model.inputs[0]!]!.name]: data }).get(model.outputs[0]!) as Float32Array;
}

/** Within 1e-5 of the largest value: both sum floats, in different orders. */
function close(found: Float32Array, expected: Float32Array): void {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  assert.equal(found.length, expected.length);
  found.forEach((value, index) => {
    assert.ok(Math.abs(value - expected[index]!) <= 1e-5 * largest, `${index}: ${value} against ${expected[index]}`);
  });
}

function refused(work: () => unknown, code: string, pattern: RegExp): void {
  assert.throws(work, (error) => error instanceof CompilerError && error.code === code && pattern.test(error.message));
}
