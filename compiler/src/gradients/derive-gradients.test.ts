import assert from "node:assert/strict";
import { test } from "node:test";
import { startInlineEngine } from "@fieldloop/edge-runtime/engine";
import { createRandom } from "../build/random.ts";
import { attribute, type Graph } from "../graph/graph.ts";
import { GraphBuilder } from "../graph/graph-builder.ts";
import { serializeModel } from "../graph/model.ts";
import { elementCount, floatTensor, int64Tensor } from "../graph/tensor.ts";
import { deriveGradients, gradientRules } from "./derive-gradients.ts";
import type { ExecutionProvider } from "./execution-provider.ts";
import { lowerTrainingOperators } from "./lower-training-operators.ts";

/** One operator in one form: how to make a value from the inputs, whose gradients by all inputs are then checked. */
interface Case {
  readonly operator: string;
  readonly form?: string;
  readonly shapes: readonly (readonly number[])[];
  readonly provider?: ExecutionProvider;
  /** Moves inputs away from 0, for divisors, logarithms and roots. */
  readonly positive?: boolean;
  /** Keeps inputs further apart than the step, for choices between them. */
  readonly spaced?: boolean;
  readonly make: (builder: GraphBuilder, inputs: readonly string[]) => string;
}

const single =
  (op: string, attributes = {}) =>
  (builder: GraphBuilder, inputs: readonly string[]) =>
    builder.add(op, inputs, { attributes });
const shaped =
  (op: string, values: readonly number[], attributes = {}) =>
  (builder: GraphBuilder, inputs: readonly string[]) =>
    builder.add(op, [...inputs, builder.constant(int64Tensor(values))], { attributes });
const int = attribute.int;
const ints = attribute.ints;

const cases: readonly Case[] = [
  {
    operator: "Add",
    form: "broadcast",
    shapes: [
      [2, 3, 4],
      [3, 1],
    ],
    make: single("Add"),
  },
  { operator: "BatchNormalization", shapes: [[4, 3, 2, 2], [3], [3]], make: batchNorm },
  {
    operator: "Concat",
    shapes: [
      [2, 3],
      [2, 1],
    ],
    make: single("Concat", { axis: int(1) }),
  },
  {
    operator: "Conv",
    form: "pad 1",
    shapes: [
      [2, 3, 5, 5],
      [4, 3, 3, 3],
    ],
    make: single("Conv", { pads: ints([1, 1, 1, 1]) }),
  },
  { operator: "Conv", form: "bias, no padding", shapes: [[2, 2, 5, 4], [3, 2, 2, 3], [3]], make: single("Conv") },
  {
    operator: "Conv",
    form: "stride 2, uneven rest, uneven pads",
    shapes: [
      [2, 2, 6, 7],
      [3, 2, 3, 3],
    ],
    make: single("Conv", { pads: ints([1, 0, 0, 1]), strides: ints([2, 2]) }),
  },
  {
    operator: "Conv",
    form: "dilation 2, kernel 5x3",
    shapes: [
      [1, 2, 9, 8],
      [2, 2, 5, 3],
    ],
    make: single("Conv", { dilations: ints([2, 2]), pads: ints([2, 2, 2, 2]) }),
  },
  {
    operator: "Div",
    form: "broadcast",
    positive: true,
    shapes: [
      [2, 3],
      [1, 3],
    ],
    make: single("Div"),
  },
  { operator: "Exp", shapes: [[2, 3]], make: single("Exp") },
  { operator: "Expand", shapes: [[3, 1]], make: shaped("Expand", [2, 3, 4]) },
  { operator: "Flatten", shapes: [[2, 3, 2]], make: single("Flatten", { axis: int(1) }) },
  ...[0, 1].flatMap((a) =>
    [0, 1].map((b) => ({
      operator: "Gemm",
      form: `transA ${a}, transB ${b}`,
      shapes: [a === 1 ? [3, 2] : [2, 3], b === 1 ? [4, 3] : [3, 4], [4]],
      make: single("Gemm", { transA: int(a), transB: int(b), alpha: attribute.float(0.5), beta: attribute.float(2) }),
    })),
  ),
  { operator: "GlobalAveragePool", shapes: [[2, 3, 4, 3]], make: single("GlobalAveragePool") },
  { operator: "Identity", shapes: [[3]], make: single("Identity") },
  { operator: "Log", positive: true, shapes: [[2, 3]], make: single("Log") },
  { operator: "LogSoftmax", shapes: [[3, 4]], make: single("LogSoftmax", { axis: int(1) }) },
  {
    operator: "LogSoftmax",
    form: "lowered for WebGPU",
    provider: "webgpu",
    shapes: [[3, 4]],
    make: single("LogSoftmax"),
  },
  {
    operator: "MatMul",
    shapes: [
      [2, 3],
      [3, 4],
    ],
    make: single("MatMul"),
  },
  {
    operator: "MatMul",
    form: "stack times matrix",
    shapes: [
      [2, 2, 3],
      [3, 4],
    ],
    make: single("MatMul"),
  },
  {
    operator: "MaxPool",
    spaced: true,
    shapes: [[2, 2, 4, 6]],
    make: single("MaxPool", { kernel_shape: ints([2, 3]), strides: ints([2, 3]) }),
  },
  { operator: "Mul", form: "broadcast", shapes: [[2, 3], [3]], make: single("Mul") },
  { operator: "Mul", form: "by itself", shapes: [[3]], make: (builder, [x]) => builder.add("Mul", [x!, x!]) },
  { operator: "Neg", shapes: [[3]], make: single("Neg") },
  { operator: "ReduceMean", shapes: [[2, 3, 4]], make: single("ReduceMean", { axes: ints([0, 2]) }) },
  { operator: "ReduceSum", shapes: [[2, 3, 4]], make: shaped("ReduceSum", [-1], { keepdims: int(0) }) },
  { operator: "Relu", shapes: [[3, 5]], make: single("Relu") },
  { operator: "Reshape", shapes: [[2, 6]], make: shaped("Reshape", [3, -1]) },
  { operator: "Sigmoid", shapes: [[2, 3]], make: single("Sigmoid") },
  { operator: "Softmax", shapes: [[3, 4]], make: single("Softmax", { axis: int(-1) }) },
  { operator: "Sqrt", positive: true, shapes: [[2, 3]], make: single("Sqrt") },
  { operator: "Squeeze", shapes: [[2, 1, 3]], make: shaped("Squeeze", [1]) },
  {
    operator: "Sub",
    form: "broadcast",
    shapes: [
      [1, 3],
      [2, 3],
    ],
    make: single("Sub"),
  },
  { operator: "Tanh", shapes: [[2, 3]], make: single("Tanh") },
  { operator: "Transpose", shapes: [[2, 3, 4]], make: single("Transpose", { perm: ints([2, 0, 1]) }) },
  { operator: "Unsqueeze", shapes: [[2, 3]], make: shaped("Unsqueeze", [1]) },
];

/**
 * Central differences in float32 with a step of 1e-2: the loss is of order 1, so its rounding (1e-7) shows as 1e-5 and
 * the cubic term of these smooth functions as about 1e-4.
 */
const step = 1e-2;
const tolerance = 2e-3;

for (const one of cases) {
  const { operator, form } = one;
  test(`derives ${operator}${form === undefined ? "" : ` (${form})`} as finite differences do`, () =>
    checkByDifferences(one));
}

test("checks every rule of the table by finite differences", () => {
  assert.deepEqual([...new Set(cases.map((one) => one.operator))].sort(), Object.keys(gradientRules).sort());
});

test("names the operator that has no rule", () => {
  const builder = new GraphBuilder("no-rule");
  const loss = builder.add("Erf", [builder.input("x", "float32", [1])]);
  assert.throws(() => deriveGradients(builder, { loss, by: ["x"] }), {
    code: "no-gradient-rule",
    message: /Erf making "erf_1"/,
  });
});

test("refuses overlapping pooling windows, grouped convolutions and running statistics by name", () => {
  const pool = (builder: GraphBuilder, x: string) =>
    builder.add("MaxPool", [x], { attributes: { kernel_shape: ints([3, 3]), strides: ints([2, 2]) } });
  const grouped = (builder: GraphBuilder, x: string) =>
    builder.add("Conv", [x, builder.constant(floatTensor(new Float32Array(18), [2, 1, 3, 3]))], {
      attributes: { group: int(2) },
    });
  for (const make of [pool, grouped]) {
    const builder = new GraphBuilder("refused");
    const value = make(builder, builder.input("x", "float32", [1, 2, 7, 7]));
    const loss = builder.add("ReduceSum", [value], { attributes: { keepdims: int(0) } });
    assert.throws(() => deriveGradients(builder, { loss, by: ["x"] }), { code: "no-gradient-rule" });
  }
});

function batchNorm(builder: GraphBuilder, inputs: readonly string[]): string {
  const running = [0, 1].map((value) => builder.constant(floatTensor([value, value, value])));
  const attributes = { training_mode: int(1), momentum: attribute.float(0) };
  const [output] = builder.addMany("BatchNormalization", [...inputs, ...running], {
    outputs: ["y", "mean", "variance"],
    attributes,
  });
  return output!;
}

/** loss = Σ w·y with fixed random w, and `gradient<i>` by every input. */
function gradientGraph(one: Case): Graph {
  const builder = new GraphBuilder("case");
  const inputs = one.shapes.map((shape, index) => builder.input(`x${index}`, "float32", shape));
  const output = one.make(builder, inputs);
  const shape = builder.shapeOf(output);
  const random = createRandom(3);
  const weights = floatTensor(
    Float32Array.from({ length: elementCount(shape) }, () => random.normal()),
    shape,
  );
  const weighted = builder.add("Mul", [output, builder.constant(weights)]);
  const loss = builder.add("ReduceSum", [weighted], { outputs: ["loss"], attributes: { keepdims: int(0) } });
  const gradients = deriveGradients(builder, { loss, by: inputs });
  builder.output(loss);
  for (const [index, input] of inputs.entries()) {
    builder.output(builder.add("Identity", [gradients.get(input)!], { outputs: [`gradient${index}`] }));
  }
  return lowerTrainingOperators(builder.build(), one.provider ?? "cpu");
}

function drawn(value: number, index: number, one: Case): number {
  if (one.spaced) return ((index * 37) % 101) / 20 - 2;
  return one.positive ? 0.5 + Math.abs(value) : value;
}

function feedsOf(one: Case, values: readonly Float32Array[]) {
  return Object.fromEntries(
    values.map((data, index) => [`x${index}`, { dtype: "float32" as const, shape: one.shapes[index]!, data }]),
  );
}

async function checkByDifferences(one: Case): Promise<void> {
  const random = createRandom(7);
  const values = one.shapes.map((shape) =>
    Float32Array.from({ length: elementCount(shape) }, (_, index) => drawn(random.normal(), index, one)),
  );
  const engine = await startInlineEngine();
  const model = await engine.load([{ name: "case", bytes: serializeModel(gradientGraph(one)) }]);
  const run = async () => (await model.run(feedsOf(one, values))).outputs;
  const analytic = await run();
  for (const [input, array] of values.entries()) {
    const gradient = analytic[`gradient${input}`]!.data as Float32Array;
    for (let index = 0; index < array.length; index++) {
      const centre = array[index]!;
      const at = async (value: number) => {
        array[index] = value;
        return Number((await run()).loss!.data[0]);
      };
      const difference = ((await at(centre + step)) - (await at(centre - step))) / (2 * step);
      array[index] = centre;
      const error = Math.abs(difference - gradient[index]!);
      assert.ok(
        error < tolerance * Math.max(1, Math.abs(difference)),
        `input ${input}[${index}]: ${gradient[index]} instead of ${difference}`,
      );
    }
  }
  await engine.close();
}
