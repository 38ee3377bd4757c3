import assert from "node:assert/strict";
import { test } from "node:test";
import { startInlineEngine } from "@fieldloop/edge-runtime/engine";
import { GraphBuilder } from "../../graph/graph-builder.ts";
import { serializeModel } from "../../graph/model.ts";
import { floatTensor } from "../../graph/tensor.ts";
import { type OptimiserChoice, optimiserFor } from "./optimiser-list.ts";

type Rule = (choice: { p: number; g: number; m: number; v: number; t: number }) => { p: number; m: number; v: number };
const rate = 0.1;

/** The published rules, one number at a time, as PyTorch's documentation writes them. */
const cases: readonly { readonly name: string; readonly choice: OptimiserChoice; readonly rule: Rule }[] = [
  { name: "sgd", choice: { kind: "sgd", momentum: 0 }, rule: ({ p, g, m, v }) => ({ p: p - rate * g, m, v }) },
  {
    name: "sgd with momentum",
    choice: { kind: "sgd" },
    rule: ({ p, g, m, v }) => ({ p: p - rate * (0.9 * m + g), m: 0.9 * m + g, v }),
  },
  { name: "adam", choice: { kind: "adam" }, rule: (now) => adamRule(now, 0) },
  { name: "adamw", choice: { kind: "adamw", weightDecay: 0.2 }, rule: (now) => adamRule(now, 0.2) },
];

for (const { name, choice, rule } of cases) {
  test(`${name} takes the steps of its published rule`, async () => {
    const curvature = [0.5, 1, 3, -1];
    const engine = await startInlineEngine();
    const model = await engine.load([{ name, bytes: serializeModel(stepGraph(choice, curvature)) }]);
    const optimiser = optimiserFor(choice);
    const state = { parameters: [1, -2, 0.5, 0.1], moment1: [0, 0, 0, 0], moment2: [0, 0, 0, 0] };
    let expected = state.parameters.map((p) => ({ p, m: 0, v: 0 }));
    for (let t = 1; t <= 8; t += 1) {
      expected = expected.map(({ p, m, v }, index) => rule({ p, g: p * curvature[index]!, m, v, t }));
      const vector = (data: readonly number[]) =>
        ({ dtype: "float32", shape: [data.length], data: Float32Array.from(data) }) as const;
      const names = ["parameters" as const, ...optimiser.moments];
      const scalars = Object.entries(optimiser.scalars(rate, t)).map(([key, value]) => [key, vector([value])]);
      const { outputs } = await model.run({
        ...Object.fromEntries(names.map((key) => [key, vector(state[key])])),
        ...Object.fromEntries(scalars),
      });
      for (const key of names) state[key] = [...(outputs[`${key}.next`]!.data as Float32Array)];
    }
    await engine.close();
    for (const [index, { p }] of expected.entries()) {
      assert.ok(Math.abs(p - state.parameters[index]!) < 1e-5 * Math.max(1, Math.abs(p)), `${state.parameters}`);
    }
  });
}

/** Adam and AdamW with the bias corrected as published; ours folds it into the rate, which moves where ε counts. */
function adamRule({ p, g, m, v, t }: Parameters<Rule>[0], decay: number) {
  const [m1, v1] = [0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g];
  const step = m1 / (1 - 0.9 ** t) / (Math.sqrt(v1 / (1 - 0.999 ** t)) + 1e-7);
  return { p: p - rate * decay * p - rate * step, m: m1, v: v1 };
}

/** One step on Σ ½ c·p², whose gradient is c·p. */
function stepGraph(choice: OptimiserChoice, curvature: readonly number[]) {
  const builder = new GraphBuilder("step");
  const { moments, addStep } = optimiserFor(choice);
  for (const name of ["parameters", ...moments]) builder.input(name, "float32", [curvature.length]);
  const gradient = builder.add("Mul", ["parameters", builder.constant(floatTensor(curvature))]);
  const scalar = (name: string) => builder.input(name, "float32", [1]);
  addStep(builder, { parameters: "parameters", moment1: "moment1", moment2: "moment2", gradient, scalar });
  for (const name of ["parameters", ...moments]) builder.output(`${name}.next`);
  return builder.build();
}
