import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { attribute, type Dimension } from "./graph.ts";
import { GraphBuilder } from "./graph-builder.ts";
import { inferTypes } from "./infer-types.ts";
import { parseModel, serializeModel } from "./model.ts";
import { floatTensor, int64Tensor } from "./tensor.ts";
import { verifyGraph } from "./verify-graph.ts";

const suite = join(import.meta.dirname, "../../../../shared/datasets/onnx-node-tests/onnx-node.tar.gz");
const skip = existsSync(suite) ? false : `the ONNX node tests are not at ${suite}`;
const ints = attribute.ints;

test("types convolutions and pools with pads, strides, dilations and SAME padding", () => {
  const shape = (op: string, attributes: object, input: readonly Dimension[] = ["N", 3, 9, 8]) => {
    const builder = new GraphBuilder("shapes");
    const x = builder.input("x", "float32", input);
    const inputs = op === "Conv" ? [x, builder.constant(floatTensor(new Float32Array(54), [2, 3, 3, 3]))] : [x];
    return builder.typeOf(builder.add(op, inputs, { attributes: { ...attributes } }))?.shape;
  };
  assert.deepEqual(shape("Conv", {}), ["N", 2, 7, 6]);
  assert.deepEqual(shape("Conv", { pads: ints([1, 1, 1, 1]), strides: ints([2, 2]) }), ["N", 2, 5, 4]);
  assert.deepEqual(shape("Conv", { dilations: ints([2, 3]) }), ["N", 2, 5, 2]);
  assert.deepEqual(shape("Conv", { auto_pad: attribute.string("SAME_UPPER"), strides: ints([2, 2]) }), ["N", 2, 5, 4]);
  assert.deepEqual(shape("MaxPool", { kernel_shape: ints([2, 2]), strides: ints([2, 2]) }), ["N", 3, 4, 4]);
  const ceiling = { kernel_shape: ints([2, 2]), strides: ints([2, 2]), ceil_mode: attribute.int(1) };
  assert.deepEqual(shape("MaxPool", ceiling), ["N", 3, 5, 4]);
});

test("keeps symbolic sizes through reshaping, flattening and broadcasting", () => {
  const builder = new GraphBuilder("symbols");
  const x = builder.input("x", "float32", ["N", 2, 3]);
  const shapeOf = (name: string) => builder.typeOf(name)?.shape;
  assert.deepEqual(shapeOf(builder.add("Flatten", [x])), ["N", 6]);
  assert.deepEqual(shapeOf(builder.add("Reshape", [x, builder.constant(int64Tensor([0, -1]))])), ["N", 6]);
  assert.deepEqual(shapeOf(builder.add("Reshape", [x, builder.constant(int64Tensor([-1, 6]))])), ["N", 6]);
  assert.deepEqual(shapeOf(builder.add("Add", [x, builder.constant(floatTensor([1, 2, 3]))])), ["N", 2, 3]);
});

test("refuses shapes that cannot belong together, naming the node", () => {
  const builder = new GraphBuilder("mismatch");
  const x = builder.input("x", "float32", [2, 3]);
  const y = builder.input("y", "float32", [2, 4]);
  assert.throws(() => builder.add("Add", [x, y]), { code: "shape-mismatch", message: /Add making "add_1"/ });
  assert.throws(() => builder.add("MatMul", [x, y]), { code: "shape-mismatch" });
});

test("refuses a graph that uses a value before it is made, makes one twice or loses an output", () => {
  const builder = new GraphBuilder("broken");
  builder.output(builder.add("Relu", [builder.input("x", "float32", [1])]));
  const graph = builder.build();
  const [node] = graph.nodes;
  const invalid = { code: "invalid-graph", message: /After some pass/ };
  assert.throws(() => verifyGraph({ ...graph, nodes: [{ ...node!, inputs: ["later"] }] }, "some pass"), invalid);
  assert.throws(() => verifyGraph({ ...graph, nodes: [node!, node!] }, "some pass"), invalid);
  assert.throws(() => verifyGraph({ ...graph, nodes: [] }, "some pass"), invalid);
  assert.throws(() => verifyGraph({ ...graph, inputs: [...graph.inputs, ...graph.inputs] }, "some pass"), invalid);
});

test("infers for the ONNX node tests no shape but the one they declare", { skip }, () => {
  let known = 0;
  for (const bytes of modelsOf(gunzipSync(readFileSync(suite)))) {
    const graph = parseModel(bytes);
    const stripped = { ...graph, outputs: graph.outputs.map((output) => ({ ...output, shape: undefined })) };
    const inferred = inferTypes(stripped).outputs;
    for (const [index, output] of graph.outputs.entries()) {
      const { dtype, shape } = inferred[index]!;
      if (shape === undefined || output.proto !== undefined || !output.shape?.every((size) => typeof size === "number"))
        continue;
      known++;
      const declared = shape.map((size, axis) => (typeof size === "number" ? output.shape?.[axis] : size));
      const what = `${graph.nodes[0]?.op} in ${graph.name}`;
      assert.deepEqual([dtype, shape, shape.length], [output.dtype, declared, output.shape.length], what);
    }
  }
  assert.ok(known > 900, `${known}`);
});

test("what an input names but no constant tells is not guessed", () => {
  const builder = new GraphBuilder("named");
  const x = builder.input("x", "float32", [4, 6]);
  const axes = builder.input("axes", "int64", [1]);
  const constant = (...values: number[]) => builder.constant(int64Tensor(values));
  const shapeOf = (op: string, inputs: readonly string[], attributes = {}) =>
    builder.typeOf(
      builder.add(op, inputs, { attributes, outputs: [builder.freshName("out"), builder.freshName("out")] }),
    )?.shape;
  assert.equal(shapeOf("Slice", [x, constant(0), constant(2), axes]), undefined);
  assert.deepEqual(shapeOf("Slice", [x, constant(0), constant(2), constant(1)]), [4, 2]);
  assert.equal(shapeOf("Pad", [x, constant(1, 2), "", axes]), undefined);
  assert.deepEqual(shapeOf("Pad", [x, constant(1, 2), "", constant(-1)]), [4, 9]);
  assert.deepEqual(shapeOf("Split", [x], { split: ints([1, 3]) }), [1, 6]);
  assert.deepEqual(shapeOf("Reshape", [x, constant(0, 24)], { allowzero: attribute.int(1) }), [0, 24]);
  assert.equal(shapeOf("Reshape", [x, constant(5, -1)]), undefined);
});

test("a declared size is kept where inference knows only a symbol", () => {
  const builder = new GraphBuilder("found");
  builder.output(builder.add("NonZero", [builder.input("x", "float32", ["N", 2])], { outputs: ["where"] }));
  const graph = builder.build();
  assert.deepEqual(graph.outputs[0]?.shape, [2, "found(where)"]);
  const declared = { ...graph, outputs: [{ ...graph.outputs[0]!, shape: [2, 5] }] };
  assert.deepEqual(inferTypes(declared).outputs[0]?.shape, [2, 5]);
});

test("a symbolic size that a window or scales change gets a name of its own", () => {
  const builder = new GraphBuilder("windows");
  const x = builder.input("x", "float32", ["N", 2, "H", "W"]);
  const pooled = (attributes: object) =>
    builder.typeOf(builder.add("MaxPool", [x], { attributes: { kernel_shape: ints([3, 2]), ...attributes } }))?.shape;
  assert.deepEqual(pooled({ pads: ints([1, 0, 1, 0]) }), ["N", 2, "H", "floor((W+-2)/1)+1"]);
  assert.deepEqual(pooled({ auto_pad: attribute.string("SAME_UPPER") }), ["N", 2, "H", "W"]);
  assert.equal(pooled({ auto_pad: attribute.string("SAME_UPPER"), strides: ints([2, 2]) }), undefined);
  const scales = builder.constant(floatTensor([1, 1, 2, 1]));
  assert.deepEqual(builder.typeOf(builder.add("Resize", [x, "", scales]))?.shape, ["N", 2, "floor(H*2)", "W"]);
});

test("reads every ONNX node test as a graph and writes one that reads back alike", { skip }, () => {
  for (const bytes of modelsOf(gunzipSync(readFileSync(suite)))) {
    const once = serializeModel(parseModel(bytes));
    assert.equal(Buffer.compare(serializeModel(parseModel(once)), once), 0);
  }
});

function* modelsOf(tar: Uint8Array): Generator<Uint8Array> {
  const text = new TextDecoder();
  for (let offset = 0; offset + 512 <= tar.length; ) {
    const name = text.decode(tar.subarray(offset, offset + 100)).split("\0", 1)[0] as string;
    if (name === "") return;
    const size = Number.parseInt(text.decode(tar.subarray(offset + 124, offset + 136)), 8);
    if (name.endsWith(".onnx")) yield tar.subarray(offset + 512, offset + 512 + size);
    offset += 512 + Math.ceil(size / 512) * 512;
  }
}
