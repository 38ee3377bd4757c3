import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Engine, startInlineEngine, type Tensor } from "@fieldloop/edge-runtime/engine";
import { createRandom } from "../build/random.ts";
import { attribute, type Graph } from "../graph/graph.ts";
import { GraphBuilder } from "../graph/graph-builder.ts";
import { serializeModel } from "../graph/model.ts";
import { elementCount, floatTensor } from "../graph/tensor.ts";
import { mergeModels } from "./merge-models.ts";

let engine: Engine;
before(async () => {
  engine = await startInlineEngine();
});
after(() => engine.close());

test("three heads on one backbone become one backbone and three heads that answer as before", async () => {
  const models = ["colour", "shape", "size"].map((name, index) => ({ name, graph: model(name, index) }));
  const { backbone, heads, shared } = mergeModels(models);
  assert.equal(shared, 4);
  assert.deepEqual(
    heads.map(({ name, graph }) => [name, graph.inputs.length, graph.nodes.map(({ op }) => op)]),
    ["colour", "shape", "size"].map((name) => [name, 1, ["Gemm", "Softmax"]]),
  );
  const image = randomImage();
  const parts = [{ name: "backbone", graph: backbone }, ...heads];
  const merged = await answers(parts, image);
  for (const { name, graph } of models) {
    const alone = await answers([{ name, graph }], image);
    const output = graph.outputs[0]!.name;
    assert.ok(apart(alone[output]!, merged[output]!) <= 1e-6, name);
  }
});

test("heads that leave the backbone at different places each get the value they read", () => {
  const early = model("early", 0, { cutAfter: "conv" });
  const late = model("late", 1);
  const { backbone, heads } = mergeModels([
    { name: "early", graph: early },
    { name: "late", graph: late },
  ]);
  // What only the late one goes on to compute is its own.
  assert.deepEqual(
    backbone.nodes.map(({ op }) => op),
    ["Conv"],
  );
  assert.deepEqual(
    heads.map(({ graph }) => graph.inputs.map(({ name }) => name)),
    [[backbone.outputs[0]!.name], [backbone.outputs[0]!.name]],
  );
});

test("the interface names the backbone and what it offers: other weights are another one", () => {
  const pair = (seed: number) => ["a", "b"].map((name, index) => ({ name, graph: model(name, index, { seed }) }));
  assert.equal(mergeModels(pair(1)).interface, mergeModels(pair(1)).interface);
  assert.notEqual(mergeModels(pair(1)).interface, mergeModels(pair(2)).interface);
});

test("models that begin differently, one model, and a model that adds nothing are refused by code", () => {
  const one = { name: "one", graph: model("one", 0) };
  assert.throws(() => mergeModels([one, { name: "two", graph: model("two", 1, { seed: 9 }) }]), {
    code: "nothing-shared",
  });
  assert.throws(() => mergeModels([one]), { code: "invalid-argument" });
  assert.throws(() => mergeModels([one, { ...one, name: "same" }]), { code: "invalid-argument", message: /adds? / });
});

/** A backbone (equal for one seed, under names of its own) and a head that only this model has. */
function model(name: string, head: number, { seed = 1, cutAfter = "pool" } = {}): Graph {
  const builder = new GraphBuilder(name);
  const shared = createRandom(seed);
  const image = builder.input(`${name}.image`, "float32", ["N", 3, 8, 8]);
  const kernel = builder.initializer(`${name}.kernel`, drawn(shared, [6, 3, 3, 3]));
  let value = builder.add("Conv", [image, kernel], { outputs: [`${name}.conv`] });
  if (cutAfter === "pool") {
    value = builder.add("Relu", [value], { outputs: [`${name}.relu`] });
    value = builder.add("GlobalAveragePool", [value], { outputs: [`${name}.pool`] });
  } else value = builder.add("GlobalMaxPool", [value]);
  value = builder.add("Flatten", [value], { attributes: { axis: attribute.int(1) } });
  const own = createRandom(100 + head);
  const weight = builder.initializer(`${name}.weight`, drawn(own, [6, 4]));
  builder.add("Softmax", [builder.add("Gemm", [value, weight])], { outputs: [name] });
  builder.output(name);
  return builder.build();
}

function drawn(random: ReturnType<typeof createRandom>, shape: readonly number[]) {
  return floatTensor(
    Float32Array.from({ length: elementCount(shape) }, () => random.normal()),
    shape,
  );
}

function randomImage(): Tensor {
  const random = createRandom(5);
  return { dtype: "float32", shape: [2, 3, 8, 8], data: Float32Array.from({ length: 384 }, () => random.normal()) };
}

async function answers(parts: readonly { name: string; graph: Graph }[], image: Tensor) {
  const loaded = await engine.load(parts.map(({ name, graph }) => ({ name, bytes: serializeModel(graph) })));
  const { outputs } = await loaded.run({ [loaded.inputs[0]!.name]: image });
  await loaded.unload();
  return outputs;
}

function apart(left: Tensor, right: Tensor): number {
  return Math.max(
    ...[...(left.data as Float32Array)].map((value, index) => Math.abs(value - Number(right.data[index]))),
  );
}
