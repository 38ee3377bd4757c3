import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CompilerError } from "../errors.ts";
import { attribute, type Graph } from "../graph/graph.ts";
import { GraphBuilder } from "../graph/graph-builder.ts";
import { parseModel, serializeModel } from "../graph/model.ts";
import { printGraph } from "../graph/print-graph.ts";
import { floatsOf, floatTensor, int64Tensor } from "../graph/tensor.ts";
import { encodeMessage } from "../onnx/codec.ts";
import { addInsteadOfSum } from "./add-instead-of-sum.ts";
import { liftConstants } from "./lift-constants.ts";
import { runPasses } from "./pass.ts";
import { passesUpTo, passNames } from "./pass-list.ts";
import { refuseInnerGraphs } from "./refuse-inner-graphs.ts";

test("lifts every kind of constant out of its node, 64-bit integers exactly", () => {
  const large = 2n ** 62n + 1n;
  const kinds = {
    value: attribute.tensor(floatTensor([1, 2], [1, 2])),
    value_float: attribute.float(0.5),
    value_floats: attribute.floats([3, 4]),
    value_int: { kind: "int", value: large },
    value_ints: { kind: "ints", value: [1, large] },
  } as const;
  const builder = new GraphBuilder("constants");
  for (const [name, value] of Object.entries(kinds)) {
    builder.add("Constant", [], { outputs: [name], attributes: { [name]: value } });
    builder.output(builder.add("Identity", [name]));
  }
  const lifted = runPasses(builder.build(), [liftConstants]);
  assert.deepEqual(
    lifted.nodes.map(({ op }) => op),
    Object.keys(kinds).map(() => "Identity"),
  );
  const tensor = (name: string) => lifted.initializers.get(name)!;
  assert.deepEqual([...floatsOf(tensor("value"))], [1, 2]);
  assert.deepEqual(tensor("value").shape, [1, 2]);
  assert.deepEqual(tensor("value_float"), floatTensor([0.5], []));
  assert.deepEqual(tensor("value_floats"), floatTensor([3, 4]));
  assert.deepEqual(tensor("value_int"), int64Tensor([large], []));
  assert.deepEqual(tensor("value_ints"), int64Tensor([1, large]));
});

test("a constant that is an output and one of strings stay nodes", () => {
  const builder = new GraphBuilder("constants");
  builder.output(builder.add("Constant", [], { attributes: { value_float: attribute.float(1) } }));
  const strings = { kind: "other", value: { name: "value_strings", strings: [Uint8Array.of(65)], type: 8 } } as const;
  builder.output(builder.add("Identity", [builder.add("Constant", [], { attributes: { value_strings: strings } })]));
  assert.equal(runPasses(builder.build(), [liftConstants]).nodes.length, 3);
});

test("writes a Sum as Adds from the left, and leaves a Sum of one", () => {
  const builder = new GraphBuilder("sums");
  const [a, b, c] = ["a", "b", "c"].map((name) => builder.input(name, "float32", [2]));
  builder.output(builder.add("Sum", [a!, b!, c!], { outputs: ["abc"] }));
  builder.output(builder.add("Sum", [a!], { outputs: ["alone"] }));
  const lines = printGraph(runPasses(builder.build(), [addInsteadOfSum])).split("\n");
  assert.match(lines[4]!, /abc_part = Add\(a, b\)/);
  assert.match(lines[5]!, /abc = Add\(abc_part, c\)/);
  assert.match(lines[6]!, /alone = Sum\(a\)/);
});

test("refuses control flow by name, with a way out", () => {
  const model = encodeMessage("Model", {
    irVersion: 8,
    opsetImport: [{ version: 17 }],
    graph: {
      input: [{ name: "c", type: { tensorType: { elemType: 9 } } }],
      node: [{ opType: "If", input: ["c"], output: ["y"], attribute: [{ name: "then_branch", g: {}, type: 5 }] }],
      output: [{ name: "y", type: { tensorType: { elemType: 1 } } }],
    },
  });
  assert.throws(() => runPasses(parseModel(model), [refuseInnerGraphs]), {
    code: "control-flow",
    message: /^In pass refuse-inner-graphs: Cannot compile If making "y".*export the model with the branch decided/,
  });
});

test("refuses sparse weights by name", () => {
  const model = encodeMessage("Model", { graph: { sparseInitializer: [{ values: { name: "w" } }] } });
  assert.throws(() => parseModel(model), { code: "sparse-weights", message: /"w"/ });
});

test("a damaged model is refused by a named error, never by an accident inside a pass", () => {
  const bytes = serializeModel(flattenedOld());
  const damage = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 });
  const refuse = (edits: readonly (readonly [number, number])[]) => {
    const damaged = bytes.slice();
    for (const [index, byte] of edits) damaged[index] = byte;
    try {
      runPasses(parseModel(damaged), passesUpTo(passNames.at(-1)!));
    } catch (error) {
      assert.ok(error instanceof CompilerError, String(error));
      const { cause } = error;
      assert.ok(cause === undefined || cause instanceof CompilerError, String(cause));
    }
  };
  fc.assert(fc.property(damage, refuse), { seed: 1, numRuns: 3000 });
});

test("an old export becomes the graph that a new one is", () => {
  const modern = normalised(smallNetwork(17));
  const old = smallNetwork(9);
  const nodes = old.nodes.map((node) =>
    node.op === "Clip" ? { ...node, inputs: node.inputs.slice(0, 1), attributes: bounds } : node,
  );
  const { bottom: _, top: __, ...kept } = Object.fromEntries(old.initializers);
  assert.equal(normalised({ ...old, nodes, initializers: new Map(Object.entries(kept)) }), modern);
});

const bounds = { min: attribute.float(0), max: attribute.float(6) };

function smallNetwork(opset: number): Graph {
  const builder = new GraphBuilder("small", opset);
  const x = builder.input("x", "float32", [1, 2]);
  const bottom = builder.initializer("bottom", floatTensor([0], []));
  const top = builder.initializer("top", floatTensor([6], []));
  builder.output(builder.add("Clip", [x, bottom, top], { outputs: ["y"] }));
  return builder.build();
}

/** Softmax over several axes, a view by its batch and a Sum, in opset 9: most importing passes have something to do. */
function flattenedOld(): Graph {
  const builder = new GraphBuilder("old", 9);
  const x = builder.input("x", "float32", ["N", 2, 3]);
  const soft = builder.add("Softmax", [x], { attributes: { axis: attribute.int(1) } });
  const batch = builder.add("Gather", [builder.add("Shape", [soft]), builder.constant(int64Tensor([0]))]);
  const rest = builder.add("Constant", [], { attributes: { value: attribute.tensor(int64Tensor([-1])) } });
  const target = builder.add("Concat", [batch, rest], { attributes: { axis: attribute.int(0) } });
  const flat = builder.add("Reshape", [soft, target]);
  builder.output(builder.add("Sum", [flat, flat, flat], { outputs: ["y"] }));
  return builder.build();
}

function normalised(graph: Graph): string {
  return Buffer.from(serializeModel(runPasses(graph, passesUpTo(passNames.at(-1)!)))).toString("base64");
}
