import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Engine, startInlineEngine } from "@fieldloop/edge-runtime/engine";
import { createRandom } from "../build/random.ts";
import { attribute } from "../graph/graph.ts";
import { GraphBuilder } from "../graph/graph-builder.ts";
import { elementCount, floatTensor } from "../graph/tensor.ts";
import { deriveGradients, gradientRules } from "./derive-gradients.ts";
import { checkGradients } from "./finite-differences.fixture.ts";
import { type GradientCase, gradientCases } from "./gradient-cases.fixture.ts";
import { randomNetwork } from "./random-network.fixture.ts";

let engine: Engine;
before(async () => {
  engine = await startInlineEngine();
});
after(() => engine.close());

for (const one of gradientCases) {
  const { operator, form, provider = "cpu" } = one;
  test(`derives ${operator}${form === undefined ? "" : ` (${form})`} as finite differences do`, async () => {
    const builder = new GraphBuilder("case");
    const inputs = one.shapes.map((shape, index) => builder.input(`x${index}`, "float32", shape));
    const output = one.make(builder, inputs);
    await checkGradients({
      builder,
      output,
      by: inputs,
      valuesOf: (name) => drawn(one, Number(name.slice(1))),
      provider,
      engine,
    });
  });
}

test("checks every rule of the table by finite differences", () => {
  assert.deepEqual([...new Set(gradientCases.map((one) => one.operator))].sort(), Object.keys(gradientRules).sort());
});

for (let seed = 1; seed <= 20; seed += 1) {
  test(`derives random network ${seed} as finite differences do`, async () => {
    const { builder, output, values } = randomNetwork(seed);
    const by = [...values.keys()];
    await checkGradients({ builder, output, by, valuesOf: (name) => values.get(name)!, places: 4, engine });
  });
}

test("a part that is frozen costs nothing: no gradient node reads its weights", () => {
  const builder = new GraphBuilder("frozen");
  const image = builder.input("image", "float32", [2, 3, 5, 5]);
  const frozen = builder.input("frozen", "float32", [4, 3, 3, 3]);
  const head = builder.input("head", "float32", [36, 2]);
  const features = builder.add("Relu", [builder.add("Conv", [image, frozen])]);
  const flat = builder.add("Flatten", [features], { attributes: { axis: attribute.int(1) } });
  const loss = builder.add("ReduceSum", [builder.add("MatMul", [flat, head])], {
    attributes: { keepdims: attribute.int(0) },
  });
  const forward = builder.nodes.length;
  deriveGradients(builder, { loss, by: ["head"] });
  const backward = builder.nodes.slice(forward);
  assert.ok(backward.length > 0);
  assert.equal(
    backward.some(({ op, inputs }) => op.startsWith("Conv") || inputs.includes("frozen") || inputs.includes("image")),
    false,
  );
});

test("names the operator that has no rule", () => {
  const builder = new GraphBuilder("no-rule");
  const loss = builder.add("Mish", [builder.input("x", "float32", [1])]);
  assert.throws(() => deriveGradients(builder, { loss, by: ["x"] }), {
    code: "no-gradient-rule",
    message: /Mish making "mish_1"/,
  });
});

test("refuses the forms that no rule covers by name", () => {
  const pool = (builder: GraphBuilder, x: string) =>
    builder.add("MaxPool", [x], { attributes: { kernel_shape: attribute.ints([3, 3]), ceil_mode: attribute.int(1) } });
  const solid = (builder: GraphBuilder, x: string) =>
    builder.add("Conv", [
      builder.add("Unsqueeze", [
        x,
        builder.constant({ dtype: "int64", shape: [1], bytes: new Uint8Array(8).fill(2, 0, 1) }),
      ]),
      builder.constant(floatTensor(new Float32Array(16), [2, 2, 1, 2, 2])),
    ]);
  for (const make of [pool, solid]) {
    const builder = new GraphBuilder("refused");
    const value = make(builder, builder.input("x", "float32", [1, 2, 7, 7]));
    const loss = builder.add("ReduceSum", [value], { attributes: { keepdims: attribute.int(0) } });
    assert.throws(() => deriveGradients(builder, { loss, by: ["x"] }), { code: "no-gradient-rule" });
  }
});

function drawn(one: GradientCase, input: number): Float32Array {
  const random = createRandom(7 + input);
  return Float32Array.from({ length: elementCount(one.shapes[input]!) }, (_, index) => {
    if (one.spaced) return ((index * 37 + input * 11) % 101) / 16 - 3.1;
    return one.positive ? 0.5 + Math.abs(random.normal()) : random.normal();
  });
}
