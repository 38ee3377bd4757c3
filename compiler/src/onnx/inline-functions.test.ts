import assert from "node:assert/strict";
import { test } from "node:test";
import { parseModel } from "../graph/model.ts";
import { printGraph } from "../graph/print-graph.ts";
import { verifyGraph } from "../graph/verify-graph.ts";
import { encodeMessage } from "./codec.ts";
import type { Message } from "./schema.ts";

const domain = "acme";

/** leak(x) = LeakyRelu(x, alpha), alpha 0.5 unless the call says otherwise; twice(x) = leak(leak(x)) + x, and x itself. */
const leak: Message<"Function"> = {
  name: "leak",
  domain,
  input: ["x"],
  output: ["y"],
  attributeProto: [{ name: "slope", f: 0.5, type: 1 }],
  node: [
    { opType: "LeakyRelu", input: ["x"], output: ["y"], attribute: [{ name: "alpha", refAttrName: "slope", type: 1 }] },
  ],
  opsetImport: [{ version: 17 }],
};
const twice: Message<"Function"> = {
  name: "twice",
  domain,
  input: ["x"],
  output: ["y", "x"],
  node: [
    { opType: "leak", domain, input: ["x"], output: ["h"] },
    { opType: "leak", domain, input: ["h"], output: ["k"], attribute: [{ name: "slope", f: 0.25, type: 1 }] },
    { opType: "Add", input: ["k", "x"], output: ["y"] },
  ],
};

test("puts a function's nodes in the place of each call, with its attributes and names of their own", () => {
  const call = { opType: "twice", domain, input: ["a"], output: ["b", "same"] };
  const again = { opType: "twice", domain, input: ["b"], output: ["c"] };
  const graph = parseModel(model([call, again], [leak, twice]));
  assert.equal(
    printGraph(verifyGraph(graph, "inlining")),
    [
      "graph g (opset 17)",
      "  reads a : float32 [2]",
      "  twice_1_h = LeakyRelu(a) {alpha: 0.5} : ?",
      "  twice_1_k = LeakyRelu(twice_1_h) {alpha: 0.25} : ?",
      "  b = Add(twice_1_k, a) : ?",
      "  same = Identity(a) : ?",
      "  twice_4_h = LeakyRelu(b) {alpha: 0.5} : ?",
      "  twice_4_k = LeakyRelu(twice_4_h) {alpha: 0.25} : ?",
      "  c = Add(twice_4_k, b) : float32 [2]",
      "  gives c : float32 [2]",
    ].join("\n"),
  );
});

test("refuses functions that call themselves, that double without end and that are of another opset", () => {
  const call = { opType: "f0", domain, input: ["a"], output: ["c"] };
  const itself: Message<"Function"> = { name: "f0", domain, input: ["x"], output: ["y"], node: [call] };
  const bomb = Array.from({ length: 40 }, (_, level) => ({
    name: `f${level}`,
    domain,
    input: ["x"],
    output: ["y"],
    node: ["h", "y"].map((output) => ({ opType: `f${level + 1}`, domain, input: ["x"], output: [output] })),
  }));
  const newer = { ...leak, name: "f0", opsetImport: [{ version: 18 }] };
  for (const functions of [[itself], bomb, [newer]]) {
    assert.throws(() => parseModel(model([call], functions)), { code: "unsupported-operator" });
  }
});

test("refuses a function that holds control flow", () => {
  const branching = { ...leak, node: [{ opType: "If", attribute: [{ name: "then_branch", g: {}, type: 5 }] }] };
  const call = { opType: "leak", domain, input: ["a"], output: ["c"] };
  assert.throws(() => parseModel(model([call], [branching])), { code: "control-flow" });
});

function model(node: readonly Message<"Node">[], functions: readonly Message<"Function">[]): Uint8Array {
  const type = { tensorType: { elemType: 1, shape: { dim: [{ dimValue: 2 }] } } };
  return encodeMessage("Model", {
    irVersion: 8,
    opsetImport: [{ version: 17 }],
    graph: { name: "g", node, input: [{ name: "a", type }], output: [{ name: "c", type }] },
    functions,
  });
}
