import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Engine, startInlineEngine, type Tensor } from "@fieldloop/edge-runtime/engine";
import { CompilerError } from "../errors.ts";
import { attribute, type Graph } from "../graph/graph.ts";
import { GraphBuilder } from "../graph/graph-builder.ts";
import { serializeModel } from "../graph/model.ts";
import { floatScalar, floatTensor } from "../graph/tensor.ts";
import { batchOf } from "../targets/image-batches.ts";
import { bakePreprocessing } from "./bake-preprocessing.ts";
import { foldBatchNormIntoConv } from "./fold-batch-norm-into-conv.ts";
import { foldScaleIntoConv } from "./fold-scale-into-conv.ts";
import { minimiseNames } from "./minimise-names.ts";
import { type Pass, runPasses } from "./pass.ts";
import { finishingPasses, floatPasses } from "./pass-list.ts";
import { randomClassifier, randomImages } from "./random-classifier.ts";
import { removeUnused } from "./remove-unused.ts";

let engine: Engine;
before(async () => {
  engine = await startInlineEngine();
});
after(() => engine.close());

test("batch norm folded into a convolution computes the same", async () => {
  const { backbone } = randomClassifier();
  const folded = runPasses(backbone, [foldBatchNormIntoConv]);
  assert.equal(count(folded, "BatchNormalization"), 0);
  assert.equal(count(folded, "Conv"), 3);
  const inputs = { image: scaledPixels(4) };
  assertClose(await run(folded, inputs), await run(backbone, inputs), 1e-4);
});

test("batch norm folds into a convolution that has a bias and several groups", async () => {
  const graph = groupedConvolution();
  const folded = runPasses(graph, [foldBatchNormIntoConv]);
  assert.deepEqual(ops(folded), ["Conv"]);
  const image: Tensor = {
    dtype: "float32",
    shape: [1, 2, 3, 3],
    data: Float32Array.from({ length: 18 }, (_, i) => i - 9),
  };
  assertClose(await run(folded, { image }), await run(graph, { image }), 1e-5);
});

test("batch norm stays where another node reads the convolution too", () => {
  const builder = new GraphBuilder("shared");
  const conv = builder.add("Conv", [builder.input("image", "float32", [1, 2, 3, 3]), weights(builder, [2, 2, 1, 1])]);
  builder.output(builder.add("Add", [normOf(builder, conv, 2), conv], { outputs: ["embedding"] }));
  assert.equal(count(runPasses(builder.build(), [foldBatchNormIntoConv]), "BatchNormalization"), 1);
});

test("baked preprocessing reads raw bytes and gives what scaled pixels gave", async () => {
  const { backbone } = randomClassifier();
  const baked = runPasses(backbone, [bakePreprocessing]);
  assert.deepEqual(baked.inputs, [{ name: "image", dtype: "uint8", shape: ["N", 32, 32, 3] }]);
  assert.deepEqual(ops(baked).slice(0, 4), ["Transpose", "Cast", "Sub", "Mul"]);
  assertClose(await run(baked, { image: batchOf(images(4)) }), await run(backbone, { image: scaledPixels(4) }), 1e-5);
});

test("a graph that reads bytes already is left alone, another layout is refused naming the pass", () => {
  const baked = runPasses(randomClassifier().backbone, [bakePreprocessing]);
  assert.equal(runPasses(baked, [bakePreprocessing]), baked);
  const builder = new GraphBuilder("grey");
  builder.output(builder.add("Relu", [builder.input("image", "float32", ["N", 1, 8, 8])]));
  assert.throws(
    () => runPasses(builder.build(), [bakePreprocessing]),
    isError("shape-mismatch", /In pass bake-preprocessing/),
  );
});

test("a scale before a convolution moves into its weights without a trace: 1/128 is a power of two", async () => {
  const baked = runPasses(randomClassifier().backbone, [foldBatchNormIntoConv, bakePreprocessing]);
  const folded = runPasses(baked, [foldScaleIntoConv, removeUnused]);
  assert.equal(count(folded, "Mul"), 0);
  const inputs = { image: batchOf(images(4)) };
  assert.deepEqual(await run(folded, inputs), await run(baked, inputs));
});

test("a scale that more than convolutions read stays", () => {
  const builder = new GraphBuilder("scale");
  const scaled = builder.add("Mul", [
    builder.input("image", "float32", [1, 2, 3, 3]),
    builder.constant(floatScalar(2)),
  ]);
  const conv = builder.add("Conv", [scaled, weights(builder, [2, 2, 1, 1])]);
  builder.output(builder.add("Add", [conv, scaled], { outputs: ["embedding"] }));
  assert.equal(count(runPasses(builder.build(), [foldScaleIntoConv]), "Mul"), 1);
});

test("what no output needs is removed, inputs stay", () => {
  const builder = new GraphBuilder("unused");
  const image = builder.input("image", "float32", [1, 2]);
  builder.input("spare", "float32", [1]);
  builder.add("Add", [builder.add("Relu", [image]), builder.constant(floatTensor([1, 2]))]);
  builder.output(builder.add("Neg", [image], { outputs: ["embedding"] }));
  const lean = runPasses(builder.build(), [removeUnused]);
  assert.deepEqual(ops(lean), ["Neg"]);
  assert.equal(lean.initializers.size, 0);
  assert.deepEqual(
    lean.inputs.map((input) => input.name),
    ["image", "spare"],
  );
});

test("minimised names keep the contract and the meaning, and save bytes", async () => {
  const { backbone } = randomClassifier();
  const small = runPasses(backbone, [minimiseNames]);
  assert.deepEqual(
    [small.inputs, small.outputs].flat().map((value) => value.name),
    ["image", "embedding"],
  );
  assert.ok(serializeModel(small).length < serializeModel(backbone).length - 500);
  assert.deepEqual(await run(small, { image: scaledPixels(2) }), await run(backbone, { image: scaledPixels(2) }));
});

test("the whole list keeps what a canonical backbone and its heads compute", async () => {
  const { backbone, heads } = randomClassifier();
  const compiled = runPasses(backbone, [...floatPasses, ...finishingPasses]);
  assert.deepEqual(ops(compiled).slice(0, 4), ["Transpose", "Cast", "Sub", "Conv"]);
  assertClose(
    await run(compiled, { image: batchOf(images(4)) }),
    await run(backbone, { image: scaledPixels(4) }),
    1e-4,
  );
  const embedding: Tensor = { dtype: "float32", shape: [1, 64], data: new Float32Array(64).fill(0.5) };
  for (const head of Object.values(heads)) {
    const lean = runPasses(head, [...floatPasses, ...finishingPasses]);
    assert.deepEqual(await run(lean, { embedding }), await run(head, { embedding }));
  }
});

test("a pass that breaks the graph is named", () => {
  const careless: Pass = { name: "drop-a-node", apply: (graph) => ({ ...graph, nodes: graph.nodes.slice(1) }) };
  assert.throws(() => runPasses(randomClassifier().backbone, [careless]), isError("invalid-graph", /drop-a-node/));
  const forgetful: Pass = { name: "forget-outputs", apply: (graph) => ({ ...graph, outputs: [] }) };
  assert.throws(
    () => runPasses(randomClassifier().backbone, [forgetful]),
    isError("invalid-graph", /to give embedding as/),
  );
});

test("a broken file is told from a broken pass", () => {
  const { backbone } = randomClassifier();
  const cut = { ...backbone, nodes: backbone.nodes.slice(1) };
  assert.throws(() => runPasses(cut, []), isError("invalid-graph", /After reading the model: .*check the file/));
});

function groupedConvolution(): Graph {
  const builder = new GraphBuilder("grouped");
  const image = builder.input("image", "float32", [1, 2, 3, 3]);
  const bias = builder.constant(floatTensor([0.5, -1, 2, 0]));
  const conv = builder.add("Conv", [image, weights(builder, [4, 1, 2, 2]), bias], {
    attributes: { group: attribute.int(2) },
  });
  builder.output(normOf(builder, conv, 4, "embedding"));
  return builder.build();
}

function weights(builder: GraphBuilder, shape: readonly number[]): string {
  const size = shape.reduce((product, each) => product * each, 1);
  return builder.constant(
    floatTensor(
      Array.from({ length: size }, (_, index) => Math.sin(index + 1)),
      shape,
    ),
  );
}

function normOf(builder: GraphBuilder, value: string, channels: number, output = "normed"): string {
  const ramp = (from: number) =>
    builder.constant(floatTensor(Array.from({ length: channels }, (_, index) => from + 0.3 * index)));
  const attributes = { epsilon: attribute.float(0.01) };
  return builder.add("BatchNormalization", [value, ramp(0.7), ramp(-0.4), ramp(0.1), ramp(0.6)], {
    outputs: [output],
    attributes,
  });
}

function images(howMany: number) {
  return randomImages(howMany, 7);
}

/** The same images as planes of (u8 − 128)/128, computed the slow way. */
function scaledPixels(howMany: number): Tensor {
  const data = new Float32Array(howMany * 3 * 1024);
  images(howMany).forEach((image, member) => {
    image.data.forEach((value, index) => {
      data[(member * 3 + (index % 3)) * 1024 + Math.floor(index / 3)] = (value - 128) / 128;
    });
  });
  return { dtype: "float32", shape: [howMany, 3, 32, 32], data };
}

async function run(graph: Graph, inputs: Record<string, Tensor>): Promise<Float32Array> {
  const model = await engine.load([{ name: graph.name, bytes: serializeModel(graph) }]);
  const { outputs } = await model.run(inputs);
  await model.unload();
  return outputs[graph.outputs[0]!.name]!.data as Float32Array;
}

function assertClose(actual: Float32Array, expected: Float32Array, tolerance: number): void {
  assert.equal(actual.length, expected.length);
  const furthest = Math.max(...actual.map((value, index) => Math.abs(value - expected[index]!)));
  assert.ok(furthest <= tolerance, `differs by ${furthest}`);
}

function ops(graph: Graph): string[] {
  return graph.nodes.map((node) => node.op);
}

function count(graph: Graph, op: string): number {
  return ops(graph).filter((each) => each === op).length;
}

function isError(code: string, message: RegExp) {
  return (error: unknown) => error instanceof CompilerError && error.code === code && message.test(error.message);
}
