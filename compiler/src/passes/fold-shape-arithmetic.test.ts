import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Engine, startInlineEngine } from "@fieldloop/edge-runtime/engine";
import { attribute, type Dimension, type Graph } from "../graph/graph.ts";
import { GraphBuilder } from "../graph/graph-builder.ts";
import { serializeModel } from "../graph/model.ts";
import { floatTensor, int64Tensor, integersOf } from "../graph/tensor.ts";
import { foldShapeArithmetic } from "./fold-shape-arithmetic.ts";
import { runPasses } from "./pass.ts";
import { removeUnused } from "./remove-unused.ts";

let engine: Engine;
before(async () => {
  engine = await startInlineEngine();
});
after(() => engine.close());

test("a view by the batch of its input becomes a Reshape that copies it", async () => {
  const graph = flattened(["N", 2, 3]);
  const folded = runPasses(graph, [foldShapeArithmetic, removeUnused]);
  assert.deepEqual(ops(folded), ["Reshape"]);
  assert.deepEqual(integersOf(folded.initializers.get(folded.nodes[0]!.inputs[1]!)!), [0, -1]);
  assert.deepEqual(folded.outputs[0]?.shape, ["N", 6]);
  const x = { dtype: "float32", shape: [4, 2, 3], data: Float32Array.from({ length: 24 }, Math.sqrt) } as const;
  assert.deepEqual(await run(folded, { x }), await run(graph, { x }));
});

test("known sizes fold to constants, through arithmetic, slices and lists", async () => {
  const builder = new GraphBuilder("known");
  const x = builder.input("x", "float32", [2, 6, 4]);
  const [, channels, width] = sizesOf(builder, x);
  const half = builder.add("Div", [channels!, builder.constant(int64Tensor([2], []))]);
  const twice = builder.add("Mul", [width!, builder.constant(int64Tensor([2], []))]);
  const shape = builder.add("Shape", [x]);
  const bounds = [[0], [1]].map((values) => builder.constant(int64Tensor(values)));
  const batch = builder.add("Slice", [shape, ...bounds]);
  const target = builder.add("Concat", [batch, listed(builder, half), listed(builder, twice)], zeroAxis);
  builder.output(builder.add("Reshape", [x, target], { outputs: ["y"] }));
  const graph = builder.build();
  const folded = runPasses(graph, [foldShapeArithmetic, removeUnused]);
  assert.deepEqual(ops(folded), ["Reshape"]);
  assert.deepEqual(integersOf(folded.initializers.get(folded.nodes[0]!.inputs[1]!)!), [2, 3, 8]);
  const data = Float32Array.from({ length: 48 }, (_, index) => index);
  const input = { x: { dtype: "float32", shape: [2, 6, 4], data } } as const;
  assert.deepEqual(await run(folded, input), await run(graph, input));
});

test("sizes of which two are not known stay computed, and so does what leaves the graph", () => {
  const unknown = flattened(["N", "H", 3], ["batch", "W", -1]);
  assert.deepEqual(ops(runPasses(unknown, [foldShapeArithmetic])), ops(unknown));
  const builder = new GraphBuilder("leaves");
  builder.output(builder.add("Shape", [builder.input("x", "float32", [2, 3])]));
  assert.deepEqual(ops(runPasses(builder.build(), [foldShapeArithmetic])), ["Shape"]);
});

test("two symbols that broadcast are taken for neither", () => {
  const builder = new GraphBuilder("broadcast");
  const sum = builder.add("Add", [builder.input("a", "float32", ["N", 2]), builder.input("b", "float32", ["M", 2])]);
  const size = builder.add("Gather", [builder.add("Shape", ["b"]), builder.constant(int64Tensor([0], []))]);
  const target = builder.add("Concat", [listed(builder, size), builder.constant(int64Tensor([-1]))], zeroAxis);
  builder.output(builder.add("Reshape", [sum, target]));
  assert.ok(ops(runPasses(builder.build(), [foldShapeArithmetic])).includes("Concat"));
});

test("the largest int64, which is no exact number here, is never written anew", () => {
  const builder = new GraphBuilder("large");
  const largest = builder.constant(int64Tensor([2n ** 63n - 1n]));
  const listOf = builder.add("Concat", [largest, largest], zeroAxis);
  builder.output(builder.add("Identity", [listOf]));
  const data = builder.initializer("data", floatTensor([1]));
  builder.output(builder.add("Identity", [data]));
  assert.ok(ops(runPasses(builder.build(), [foldShapeArithmetic])).includes("Concat"));
});

const zeroAxis = { attributes: { axis: attribute.int(0) } };

/** x.view(x.size(0), −1) as an exporter writes it, or a target that names sizes of another input. */
function flattened(shape: readonly Dimension[], others?: readonly Dimension[]): Graph {
  const builder = new GraphBuilder("flattened");
  const x = builder.input("x", "float32", shape);
  const from = others === undefined ? x : builder.input("other", "float32", others.slice(0, 2));
  const named = sizesOf(builder, from).slice(0, others === undefined ? 1 : 2);
  const parts = [...named.map((size) => listed(builder, size)), builder.constant(int64Tensor([-1]))];
  builder.output(builder.add("Reshape", [x, builder.add("Concat", parts, zeroAxis)], { outputs: ["y"] }));
  return builder.build();
}

function sizesOf(builder: GraphBuilder, name: string): readonly string[] {
  const shape = builder.add("Shape", [name]);
  return [0, 1, 2].map((axis) => builder.add("Gather", [shape, builder.constant(int64Tensor([axis], []))]));
}

function listed(builder: GraphBuilder, name: string): string {
  return builder.add("Unsqueeze", [name, builder.constant(int64Tensor([0]))]);
}

function ops(graph: Graph): readonly string[] {
  return graph.nodes.map(({ op }) => op);
}

async function run(graph: Graph, inputs: Parameters<Awaited<ReturnType<Engine["load"]>>["run"]>[0]) {
  const model = await engine.load([{ name: "folded", bytes: serializeModel(graph) }]);
  return (await model.run(inputs)).outputs;
}
