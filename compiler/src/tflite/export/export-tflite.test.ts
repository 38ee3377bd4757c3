import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Engine, startInlineEngine, type Tensor } from "@fieldloop/edge-runtime/engine";
import { CompilerError } from "../../errors.ts";
import { attribute, type Graph } from "../../graph/graph.ts";
import { GraphBuilder } from "../../graph/graph-builder.ts";
import { serializeModel } from "../../graph/model.ts";
import { elementCount } from "../../graph/tensor.ts";
import { runPasses } from "../../passes/pass.ts";
import { floatPasses } from "../../passes/pass-list.ts";
import { randomClassifier, randomImages } from "../../passes/random-classifier.ts";
import { observeActivations } from "../../quantize/calibrate.ts";
import { batchOf } from "../../targets/image-batches.ts";
import { importTflite } from "../import/import-tflite.ts";
import { parseTflite } from "../parse-tflite.ts";
import type { Elements } from "../reference/kernel.ts";
import { runReference } from "../reference/run-reference.ts";
import type { TfliteModel } from "../tflite-model.ts";
import {
  cases,
  chain,
  conv,
  dense,
  type Grow,
  noise,
  one,
  planes,
  relu,
  same,
  weight,
} from "./export-cases.fixture.ts";
import { exportTflite } from "./export-tflite.ts";
import { planForTflite, tfliteActivations } from "./plan-tflite.ts";

let onnxruntime: Engine;
let tflite: Engine;

before(async () => {
  onnxruntime = await startInlineEngine();
  tflite = await startInlineEngine({ engine: "tflite" });
});
after(async () => {
  await onnxruntime.close();
  await tflite.close();
});

for (const { of, input, grow, float, int8 } of cases) {
  test(`writes ${of}`, async () => {
    const graph = graphOf(input, grow);
    const shape = input.map((size) => (size === "N" ? 3 : Number(size)));
    const data = noise(elementCount(shape));
    const feeds: Readonly<Record<string, Tensor>> = { x: { dtype: "float32", shape, data } };
    const expected = await run(onnxruntime, serializeModel(graph), feeds);
    const floatFile = exportTflite(graph);
    assert.deepEqual(operatorsOf(parseTflite(floatFile)), float);
    close(await run(tflite, floatFile, feeds), expected, 2e-5);
    close(referenceRows(floatFile, data, 3), expected, 1e-5);

    const observed = await observeActivations(graph, onnxruntime, [feeds], tfliteActivations(graph));
    const integerFile = exportTflite(graph, planForTflite(graph, observed, "minmax"));
    assert.deepEqual(operatorsOf(parseTflite(integerFile)), int8);
    const found = await run(tflite, integerFile, feeds);
    assert.ok(noiseDb(found, expected) < -25, `${noiseDb(found, expected)} dB`);
    // Runtimes may round a sum differently by one step, and later layers pass it on.
    assert.ok(
      noiseDb(referenceRows(integerFile, data, 3), found) < -34,
      `${noiseDb(referenceRows(integerFile, data, 3), found)} dB`,
    );
    assert.deepEqual(exportTflite(graph, planForTflite(graph, observed, "minmax")), integerFile);
  });
}

test("the rendered world's backbone reads bytes, computes on integers alone and is small", async () => {
  const graph = runPasses(randomClassifier().backbone, floatPasses);
  const images = randomImages(24, 5);
  const feeds = { image: batchOf(images) };
  const observed = await observeActivations(graph, onnxruntime, [feeds], tfliteActivations(graph));
  const bytes = exportTflite(graph, planForTflite(graph, observed, "mse"));
  const model = parseTflite(bytes);
  assert.deepEqual(model.tensors[model.inputs[0]!]!.type, "uint8");
  assert.deepEqual(
    model.operators.map(({ op, version }) => `${op} ${version}`),
    [
      "QUANTIZE 1",
      "CONV_2D 3",
      "MAX_POOL_2D 2",
      "CONV_2D 3",
      "MAX_POOL_2D 2",
      "CONV_2D 3",
      "MAX_POOL_2D 2",
      "RESHAPE 1",
      "CONV_2D 3",
      "DEQUANTIZE 2",
      "RESHAPE 1",
    ],
  );
  const expected = await run(onnxruntime, serializeModel(graph), feeds);
  assert.ok(noiseDb(await run(tflite, bytes, feeds), expected) < -30);
  const float = exportTflite(graph);
  assert.equal(parseTflite(float).operators[0]!.op, "DEQUANTIZE");
  close(await run(tflite, float, feeds), expected, 1e-5);
  assert.ok(bytes.length < 0.32 * float.length, `${bytes.length} of ${float.length}`);
});

test("softmax, sigmoid and tanh between integers have the scales that TFLite fixes", async () => {
  for (const [op, scale, zeroPoint] of [
    ["Softmax", 1 / 256, -128],
    ["Sigmoid", 1 / 256, -128],
    ["Tanh", 1 / 128, 0],
  ] as const) {
    const graph = graphOf(["N", 9], chain(dense(7, 9), one(op), dense(3, 7)));
    const feeds: Readonly<Record<string, Tensor>> = { x: { dtype: "float32", shape: [4, 9], data: noise(36) } };
    const observed = await observeActivations(graph, onnxruntime, [feeds], tfliteActivations(graph));
    const model = parseTflite(exportTflite(graph, planForTflite(graph, observed, "minmax")));
    const name = { Softmax: "SOFTMAX", Sigmoid: "LOGISTIC", Tanh: "TANH" }[op];
    const made = model.operators.find((operator) => operator.op === name)!;
    const { quantization } = model.tensors[made.outputs[0]!]!;
    assert.deepEqual([quantization?.scale[0], quantization?.zeroPoint], [scale, [zeroPoint]]);
  }
});

test("what has no integer form, or no scale that fits it, runs in floats between integers", async () => {
  const graphs: readonly (readonly [Grow, string, string])[] = [
    [chain(dense(7, 9), one("LeakyRelu"), dense(3, 7)), "LEAKY_RELU", "float32"],
    [chain(dense(7, 9), one("Exp"), dense(3, 7)), "EXP", "float32"],
    [chain(dense(7, 9), one("Sigmoid"), dense(3, 7)), "LOGISTIC", "int8"],
  ];
  for (const [grow, op, type] of graphs) {
    const { model, decibels } = await quantizedFile(graphOf(["N", 9], grow), [4, 9]);
    const made = model.operators.find((operator) => operator.op === op)!;
    assert.equal(model.tensors[made.outputs[0]!]!.type, type);
    assert.ok(decibels < -25, `${op}: ${decibels} dB`);
  }
});

test("a pool and a convolution that read one float input keep the pool at one scale", async () => {
  const grow: Grow = (builder, x) => {
    const pooled = one("MaxPool", { kernel_shape: attribute.ints([3, 3]), pads: attribute.ints([1, 1, 1, 1]) })(
      builder,
      x,
    );
    const [left, right] = [conv([3, 4, 1, 1])(builder, x), conv([3, 4, 1, 1])(builder, pooled)];
    return builder.add("Add", [left, right]);
  };
  const { model, decibels } = await quantizedFile(graphOf(planes, grow), [2, 4, 8, 8]);
  const { inputs, outputs } = model.operators.find(({ op }) => op === "MAX_POOL_2D")!;
  const [from, to] = [inputs[0]!, outputs[0]!].map((place) => model.tensors[place]!);
  assert.deepEqual([from!.type, from!.quantization], [to!.type, to!.quantization]);
  assert.ok(decibels < -25, `${decibels} dB`);
});

test("a sigmoid that leaves the graph and is read by integers stays float", async () => {
  const builder = new GraphBuilder("graph");
  const gate = builder.add("Sigmoid", [dense(7, 9)(builder, builder.input("x", "float32", ["N", 9]))]);
  builder.output(dense(3, 7)(builder, gate));
  builder.output(gate);
  const { decibels } = await quantizedFile(builder.build(), [4, 9]);
  assert.ok(decibels < -25, `${decibels} dB`);
});

test("a backbone's several outputs keep their names, order and values, also where one is read on", async () => {
  const builder = new GraphBuilder("graph");
  const start = relu(builder, conv([6, 4, 3, 3], same)(builder, builder.input("x", "float32", planes)));
  const named = (op: string, inputs: readonly string[], name: string, attributes = {}) =>
    builder.add(op, inputs, { outputs: [name], attributes });
  const features = named("Flatten", [builder.add("GlobalAveragePool", [start])], "features");
  const weights = [weight(builder, [5, 6]), weight(builder, [5])];
  const scores = named("Gemm", [features, ...weights], "scores", { transB: attribute.int(1) });
  const names = ["start", features, scores, named("Softmax", [scores], "shares", { axis: attribute.int(-1) })];
  builder.add("Identity", [start], { outputs: ["start"] });
  for (const name of names) builder.output(name);
  const graph = builder.build();
  const feeds: Readonly<Record<string, Tensor>> = { x: { dtype: "float32", shape: [2, 4, 8, 8], data: noise(512) } };
  const observed = await observeActivations(graph, onnxruntime, [feeds], tfliteActivations(graph));
  const expected = await runAll(onnxruntime, serializeModel(graph), feeds);
  for (const plan of [new Map(), planForTflite(graph, observed, "minmax")]) {
    const found = await runAll(tflite, exportTflite(graph, plan), feeds);
    assert.deepEqual(Object.keys(found), names);
    for (const name of names) {
      const decibels = noiseDb(found[name]!.data as Float32Array, expected[name]!.data as Float32Array);
      assert.ok(decibels < (plan.size === 0 ? -90 : -25), `${name}: ${decibels} dB`);
      assert.deepEqual(found[name]!.shape, expected[name]!.shape);
    }
  }
});

test("a written float model is imported again with the same values", async () => {
  const graph = graphOf(
    planes,
    chain(conv([6, 4, 3, 3], same), relu, one("GlobalAveragePool"), one("Flatten"), dense(5, 6)),
  );
  const feeds: Readonly<Record<string, Tensor>> = { x: { dtype: "float32", shape: [2, 4, 8, 8], data: noise(512) } };
  const again = importTflite(exportTflite(graph));
  assert.deepEqual(
    again.inputs.map(({ shape }) => shape),
    [planes],
  );
  close(
    await run(onnxruntime, serializeModel(again), feeds),
    await run(onnxruntime, serializeModel(graph), feeds),
    1e-5,
  );
});

test("what TFLite cannot hold is refused with operator, value and a way out", () => {
  const refused = (grow: Grow, code: string, pattern: RegExp, input: readonly (number | string)[] = planes) =>
    assert.throws(
      () => exportTflite(graphOf(input, grow)),
      (error) => error instanceof CompilerError && error.code === code && pattern.test(error.message),
    );
  refused(one("Erf"), "unsupported-operator", /Cannot write Erf making "y".*no rule.*ort-cpu-fp32/);
  refused(conv([4, 2, 3, 3], { group: 2 }), "unsupported-operator", /2 groups of 2 channels/);
  refused(
    one("AveragePool", { kernel_shape: attribute.ints([3, 3]), pads: attribute.ints([1, 1, 0, 0]) }),
    "unsupported-operator",
    /must not count/,
  );
  refused(
    one("MaxPool", {
      kernel_shape: attribute.ints([3, 3]),
      strides: attribute.ints([2, 2]),
      ceil_mode: attribute.int(1),
    }),
    "unsupported-operator",
    /windows/,
  );
  refused((builder, x) => builder.add("MatMul", [x, x]), "unsupported-operator", /no constant/, [1, 2, 4, 4]);
  refused(relu, "shape-mismatch", /fixed sizes/, ["N", 4, "H", 8]);
});

/** The int8 file of a graph, and the noise of its first output on the wasm beside the float graph's. */
async function quantizedFile(graph: Graph, shape: readonly number[]) {
  const feeds: Readonly<Record<string, Tensor>> = { x: { dtype: "float32", shape, data: noise(elementCount(shape)) } };
  const observed = await observeActivations(graph, onnxruntime, [feeds], tfliteActivations(graph));
  const bytes = exportTflite(graph, planForTflite(graph, observed, "minmax"));
  const expected = await run(onnxruntime, serializeModel(graph), feeds);
  return { model: parseTflite(bytes), decibels: noiseDb(await run(tflite, bytes, feeds), expected) };
}

function graphOf(input: readonly (number | string)[], grow: Grow): Graph {
  const builder = new GraphBuilder("graph");
  const last = grow(builder, builder.input("x", "float32", input));
  const node = builder.nodes.pop()!;
  assert.equal(node.outputs[0], last);
  builder.append({ ...node, outputs: ["y"] });
  builder.output("y");
  return builder.build();
}

async function run(engine: Engine, bytes: Uint8Array, feeds: Readonly<Record<string, Tensor>>): Promise<Float32Array> {
  return Object.values(await runAll(engine, bytes, feeds))[0]!.data as Float32Array;
}

async function runAll(engine: Engine, bytes: Uint8Array, feeds: Readonly<Record<string, Tensor>>) {
  const model = await engine.load([{ name: "graph", bytes }]);
  const { outputs } = await model.run(feeds);
  await model.unload();
  return outputs;
}

/** The plain kernels' answer, row by row. */
function referenceRows(bytes: Uint8Array, data: Elements, rows: number): Float32Array {
  const model = parseTflite(bytes);
  const length = data.length / rows;
  const each = Array.from({ length: rows }, (_, row) => {
    const values = runReference(model, { x: data.slice(row * length, (row + 1) * length) });
    return [...values.get(model.outputs[0]!)!];
  });
  return Float32Array.from(each.flat());
}

function operatorsOf({ operators }: TfliteModel): string[] {
  return operators.map(({ op }) => op).filter((op) => op !== "QUANTIZE" && op !== "DEQUANTIZE");
}

function close(found: Float32Array, expected: Float32Array, tolerance: number): void {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
  assert.equal(found.length, expected.length);
  found.forEach((value, index) => {
    assert.ok(
      Math.abs(value - expected[index]!) <= tolerance * largest,
      `${index}: ${value} against ${expected[index]}`,
    );
  });
}

/** The power of the difference beside the power of what was expected. */
function noiseDb(found: Float32Array, expected: Float32Array): number {
  const power = (values: Float32Array) => values.reduce((sum, value) => sum + value * value, 1e-30);
  return 10 * Math.log10(power(found.map((value, index) => value - expected[index]!)) / power(expected));
}
