import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeMessage } from "../onnx/codec.ts";
import {
  attribute,
  consumers,
  floatAttribute,
  type Graph,
  intsAttribute,
  opsetOf,
  producers,
  typeOf,
} from "./graph.ts";
import { parseModel, serializeModel } from "./model.ts";
import { floatsOf, floatTensor, int64Tensor, integersOf } from "./tensor.ts";

const graph: Graph = {
  name: "tiny",
  inputs: [{ name: "x", dtype: "float32", shape: ["N", 2] }],
  outputs: [{ name: "y", dtype: "float32", shape: ["N", 2] }],
  nodes: [
    {
      op: "Gemm",
      domain: "",
      name: "",
      inputs: ["x", "w"],
      outputs: ["h"],
      attributes: { alpha: attribute.float(0.5) },
    },
    {
      op: "Transpose",
      domain: "",
      name: "t",
      inputs: ["h"],
      outputs: ["y"],
      attributes: { perm: attribute.ints([0, 1]) },
    },
  ],
  initializers: new Map([["w", floatTensor([1, 2, 3, 4], [2, 2])]]),
  types: new Map([["h", { dtype: "float32", shape: ["N", 2] }]]),
  opsets: new Map([["", 17]]),
  irVersion: 8,
  metadata: new Map([["interface", "abc"]]),
  rest: {},
};

test("reads back the graph that it wrote", () => {
  const { rest, ...read } = parseModel(serializeModel(graph));
  const { rest: _, ...expected } = graph;
  assert.deepEqual(read, expected);
  assert.equal(rest.producerName, "fieldloop");
  assert.equal(opsetOf(graph), 17);
});

test("writes the same bytes for the same graph, also after reading it back", () => {
  const bytes = serializeModel(graph);
  assert.deepEqual(serializeModel(graph), bytes);
  assert.deepEqual(serializeModel(parseModel(bytes)), bytes);
});

test("answers who makes and who reads a value, and attributes with their fallback", () => {
  assert.equal(producers(graph).get("h")?.op, "Gemm");
  assert.deepEqual(
    consumers(graph)
      .get("h")
      ?.map((node) => node.op),
    ["Transpose"],
  );
  const [gemm, transpose] = graph.nodes;
  assert.equal(floatAttribute(gemm!, "alpha", 1), 0.5);
  assert.equal(floatAttribute(gemm!, "beta", 1), 1);
  assert.deepEqual(intsAttribute(transpose!, "perm", []), [0, 1]);
  assert.deepEqual(typeOf(graph, "w"), { dtype: "float32", shape: [2, 2] });
});

test("does not list an initializer among the inputs, as files of IR below 4 do", () => {
  const model = encodeMessage("Model", {
    irVersion: 3,
    graph: {
      input: [{ name: "x" }, { name: "w" }],
      initializer: [{ name: "w", dims: [1], dataType: 1, floatData: Float32Array.of(2) }],
    },
  });
  const read = parseModel(model);
  assert.deepEqual(
    read.inputs.map((value) => value.name),
    ["x"],
  );
  assert.deepEqual([...floatsOf(read.initializers.get("w")!)], [2]);
});

test("reads typed and raw tensors alike and saturates the largest int64", () => {
  const tensor = {
    dtype: "int64",
    shape: [1],
    bytes: new Uint8Array(BigInt64Array.of(2n ** 63n - 1n).buffer),
  } as const;
  assert.deepEqual(integersOf(tensor), [Number.MAX_SAFE_INTEGER]);
  assert.deepEqual(integersOf(int64Tensor([3, -4])), [3, -4]);
});

test("refuses weights in another file, sizes that disagree and files without a graph", () => {
  const withTensor = (tensor: object) =>
    encodeMessage("Model", { graph: { initializer: [{ name: "w", dims: [2], dataType: 1, ...tensor }] } });
  assert.throws(() => parseModel(withTensor({ dataLocation: 1 })), { code: "external-data" });
  assert.throws(() => parseModel(withTensor({ rawData: new Uint8Array(7) })), { code: "malformed-model" });
  assert.throws(() => parseModel(encodeMessage("Model", {})), { code: "malformed-model" });
});
