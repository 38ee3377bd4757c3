import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Engine, startInlineEngine, type Tensor } from "@fieldloop/edge-runtime/engine";
import { CompilerError } from "../../errors.ts";
import type { Graph } from "../../graph/graph.ts";
import { serializeModel } from "../../graph/model.ts";
import { elementCount } from "../../graph/tensor.ts";
import { seededRandom } from "../../statistics/index.ts";
import { TfliteBuilder } from "../export/tflite-builder.ts";
import { parseTflite } from "../parse-tflite.ts";
import { runReference } from "../reference/run-reference.ts";
import { serializeTflite } from "../serialize-tflite.ts";
import { denseModel, imageModel } from "../small-models.ts";
import type { TfliteOptions } from "../tflite-model.ts";
import { importTflite } from "./import-tflite.ts";

/** Adds operators behind an input and returns what the last one makes. */
type Grow = (builder: TfliteBuilder, input: number) => number;

interface Case {
  readonly of: string;
  readonly input: readonly number[];
  readonly grow: Grow;
  readonly operators: readonly string[];
}

let engine: Engine;
const random = seededRandom("imported models");

before(async () => {
  engine = await startInlineEngine();
});
after(() => engine.close());

const window = { padding: 0, strideW: 1, strideH: 1 };
const f32 = (shape: readonly number[]) => ({ type: "float32" as const, shape });
const noise = (count: number) => Float32Array.from({ length: count }, () => 2 * random() - 1);
const constant = (builder: TfliteBuilder, shape: readonly number[]) =>
  builder.floats(noise(elementCount(shape)), shape);

function conv(options: object, weight: readonly number[], output: readonly number[]): Grow {
  return (builder, x) => {
    const inputs = [x, constant(builder, weight), constant(builder, [weight[0]!])];
    return builder.add("CONV_2D", inputs, f32(output), { kind: "Conv2DOptions", ...window, ...options });
  };
}

function depthwise(options: object, weight: readonly number[], output: readonly number[]): Grow {
  return (builder, x) => {
    const inputs = [x, constant(builder, weight), constant(builder, [weight[3]!])];
    return builder.add("DEPTHWISE_CONV_2D", inputs, f32(output), {
      kind: "DepthwiseConv2DOptions",
      ...window,
      ...options,
    });
  };
}

function one(op: string, output: readonly number[], options?: TfliteOptions, ...extra: (readonly number[])[]): Grow {
  return (builder, x) => builder.add(op, [x, ...extra.map((values) => builder.integers(values))], f32(output), options);
}

function withConstant(op: string, shape: readonly number[], options: TfliteOptions, output = [1, 5, 4, 6]): Grow {
  return (builder, x) => builder.add(op, [x, constant(builder, shape)], f32(output), options);
}

const then =
  (...steps: Grow[]): Grow =>
  (builder, x) =>
    steps.reduce((value, step) => step(builder, value), x);
const image = [1, 7, 6, 4];
const toPlanes = conv({}, [6, 1, 1, 4], [1, 7, 6, 6]);

const cases: readonly Case[] = [
  {
    of: "a convolution of odd sizes, SAME, stride 2",
    input: image,
    grow: conv({ strideW: 2, strideH: 2, activation: 3 }, [5, 3, 3, 4], [1, 4, 3, 5]),
    operators: ["Transpose", "Conv", "Clip", "Transpose"],
  },
  {
    of: "a convolution of even sizes, SAME, stride 2",
    input: [1, 8, 8, 4],
    grow: conv({ strideW: 2, strideH: 2, activation: 1 }, [5, 3, 3, 4], [1, 4, 4, 5]),
    operators: ["Transpose", "Conv", "Relu", "Transpose"],
  },
  {
    of: "a convolution with gaps, VALID",
    input: image,
    grow: conv({ padding: 1, dilationH: 2, activation: 2 }, [5, 3, 2, 4], [1, 3, 5, 5]),
    operators: ["Transpose", "Conv", "Clip", "Transpose"],
  },
  {
    of: "a convolution in groups",
    input: image,
    grow: conv({}, [6, 3, 3, 2], [1, 7, 6, 6]),
    operators: ["Transpose", "Conv", "Transpose"],
  },
  {
    of: "a depthwise convolution that doubles channels",
    input: image,
    grow: depthwise({ strideW: 2, strideH: 2, depthMultiplier: 2 }, [1, 3, 3, 8], [1, 4, 3, 8]),
    operators: ["Transpose", "Conv", "Transpose"],
  },
  {
    of: "convolutions in a row, transposed at both ends only",
    input: image,
    grow: then(toPlanes, depthwise({ activation: 1 }, [1, 3, 3, 6], [1, 7, 6, 6]), one("RELU6", [1, 7, 6, 6])),
    operators: ["Transpose", "Conv", "Conv", "Relu", "Clip", "Transpose"],
  },
  {
    of: "a fully-connected layer on an image",
    input: [1, 3, 2, 2],
    grow: (builder, x) =>
      builder.add("FULLY_CONNECTED", [x, constant(builder, [5, 12]), constant(builder, [5])], f32([1, 5]), {
        kind: "FullyConnectedOptions",
        activation: 1,
      }),
    operators: ["Reshape", "Gemm", "Relu"],
  },
  {
    of: "a fully-connected layer that keeps its axes",
    input: [1, 3, 4],
    grow: (builder, x) =>
      builder.add("FULLY_CONNECTED", [x, constant(builder, [5, 4]), constant(builder, [5])], f32([1, 3, 5]), {
        kind: "FullyConnectedOptions",
        keepNumDims: 1,
      }),
    operators: ["MatMul", "Add"],
  },
  {
    of: "average pooling, SAME",
    input: image,
    grow: one("AVERAGE_POOL_2D", [1, 4, 3, 4], {
      kind: "Pool2DOptions",
      padding: 0,
      strideW: 2,
      strideH: 2,
      filterW: 3,
      filterH: 3,
    }),
    operators: ["Transpose", "AveragePool", "Transpose"],
  },
  {
    of: "max pooling, VALID",
    input: image,
    grow: one("MAX_POOL_2D", [1, 3, 3, 4], {
      kind: "Pool2DOptions",
      padding: 1,
      strideW: 2,
      strideH: 2,
      filterW: 2,
      filterH: 2,
      activation: 1,
    }),
    operators: ["Transpose", "MaxPool", "Relu", "Transpose"],
  },
  {
    of: "average pooling of everything, flattened without a transposition",
    input: image,
    grow: then(
      one("AVERAGE_POOL_2D", [1, 1, 1, 4], {
        kind: "Pool2DOptions",
        padding: 1,
        strideW: 6,
        strideH: 7,
        filterW: 6,
        filterH: 7,
      }),
      one("RESHAPE", [1, 4], { kind: "ReshapeOptions" }, [-1, 4]),
    ),
    operators: ["Transpose", "GlobalAveragePool", "Reshape"],
  },
  {
    of: "a sum of two branches",
    input: image,
    grow: (builder, x) =>
      builder.add("ADD", [toPlanes(builder, x), conv({}, [6, 3, 3, 4], [1, 7, 6, 6])(builder, x)], f32([1, 7, 6, 6]), {
        kind: "AddOptions",
        activation: 1,
      }),
    operators: ["Transpose", "Conv", "Conv", "Add", "Relu", "Transpose"],
  },
  ...(["ADD", "SUB", "MUL", "DIV"] as const).map(
    (op, index): Case => ({
      of: `${op} of a value per channel behind a convolution`,
      input: [1, 5, 4, 4],
      grow: then(
        conv({}, [6, 1, 1, 4], [1, 5, 4, 6]),
        withConstant(op, [6], { kind: (["AddOptions", "SubOptions", "MulOptions", "DivOptions"] as const)[index]! }),
      ),
      operators: ["Transpose", "Conv", ["Add", "Sub", "Mul", "Div"][index]!, "Transpose"],
    }),
  ),
  {
    of: "the larger and the smaller of pixels and a constant",
    input: [1, 5, 4, 6],
    grow: then(
      withConstant("MAXIMUM", [1, 1, 4, 1], { kind: "MaximumMinimumOptions" }),
      withConstant("MINIMUM", [], { kind: "MaximumMinimumOptions" }),
    ),
    operators: ["Max", "Min"],
  },
  ...(
    [
      ["RELU", "Relu"],
      ["RELU_N1_TO_1", "Clip"],
      ["LOGISTIC", "Sigmoid"],
      ["TANH", "Tanh"],
      ["HARD_SWISH", "HardSwish"],
    ] as const
  ).map(([op, onnx]): Case => ({ of: op, input: [1, 3, 5], grow: one(op, [1, 3, 5]), operators: [onnx] })),
  {
    of: "LEAKY_RELU",
    input: [1, 9],
    grow: one("LEAKY_RELU", [1, 9], { kind: "LeakyReluOptions", alpha: 0.3 }),
    operators: ["LeakyRelu"],
  },
  {
    of: "a softmax that is less steep",
    input: [1, 6],
    grow: one("SOFTMAX", [1, 6], { kind: "SoftmaxOptions", beta: 0.5 }),
    operators: ["Mul", "Softmax"],
  },
  {
    of: "the mean of planes, axes kept",
    input: image,
    grow: one("MEAN", [1, 1, 1, 4], { kind: "ReducerOptions", keepDims: 1 }, [1, 2]),
    operators: ["Transpose", "GlobalAveragePool", "Transpose"],
  },
  {
    of: "the mean of planes, axes dropped",
    input: image,
    grow: one("MEAN", [1, 4], { kind: "ReducerOptions" }, [2, 1]),
    operators: ["Transpose", "GlobalAveragePool", "Reshape"],
  },
  {
    of: "the mean of channels",
    input: image,
    grow: one("MEAN", [1, 7, 6], { kind: "ReducerOptions" }, [-1]),
    operators: ["ReduceMean"],
  },
  {
    of: "pixels flattened behind a convolution, in their own order",
    input: image,
    grow: then(toPlanes, one("RESHAPE", [1, 252], { kind: "ReshapeOptions" }, [1, 252])),
    operators: ["Transpose", "Conv", "Transpose", "Reshape"],
  },
  {
    of: "padding of pixels and of planes",
    input: image,
    grow: then(
      (builder, x) =>
        builder.add("PAD", [x, builder.integers([0, 0, 1, 0, 0, 2, 0, 0], [4, 2])], f32([1, 8, 8, 4]), {
          kind: "PadOptions",
        }),
      conv({ padding: 1 }, [3, 3, 3, 4], [1, 6, 6, 3]),
      (builder, x) =>
        builder.add(
          "PADV2",
          [x, builder.integers([0, 0, 0, 1, 1, 0, 0, 1], [4, 2]), builder.floats([-2.5])],
          f32([1, 7, 7, 4]),
          { kind: "PadV2Options" },
        ),
    ),
    operators: ["Pad", "Transpose", "Conv", "Pad", "Transpose"],
  },
  {
    of: "channels joined",
    input: image,
    grow: (builder, x) =>
      builder.add(
        "CONCATENATION",
        [toPlanes(builder, x), conv({}, [2, 1, 1, 4], [1, 7, 6, 2])(builder, x)],
        f32([1, 7, 6, 8]),
        { kind: "ConcatenationOptions", axis: -1 },
      ),
    operators: ["Transpose", "Conv", "Conv", "Concat", "Transpose"],
  },
  {
    of: "a transposition to planes, which is none",
    input: image,
    grow: then(toPlanes, one("TRANSPOSE", [1, 6, 7, 6], { kind: "TransposeOptions" }, [0, 3, 1, 2])),
    operators: ["Transpose", "Conv"],
  },
  {
    of: "any other transposition",
    input: image,
    grow: one("TRANSPOSE", [1, 4, 6, 7], { kind: "TransposeOptions" }, [0, 3, 2, 1]),
    operators: ["Transpose"],
  },
];

for (const { of, input, grow, operators } of cases) {
  test(`imports ${of}`, async () => {
    const bytes = modelOf(input, grow);
    const graph = importTflite(bytes);
    assert.deepEqual(
      graph.nodes.map(({ op }) => op),
      operators,
    );
    await equalsReference(bytes, graph);
  });
}

test("halves and integers that hold weights become floats", async () => {
  const weights = Float32Array.of(0.5, -1.25, 2, 0.75, -3, 1);
  const halves = new Uint8Array(Float16Array.from(weights).buffer);
  const stored = Int8Array.of(2, -5, 8, 3, -12, 4);
  const model = denseModel();
  const weightAs = (change: object) =>
    model.tensors.map((tensor, place) => (place === 1 ? { ...tensor, ...change } : tensor));
  const asFloats = serializeTflite({ ...model, tensors: weightAs({ data: new Uint8Array(weights.buffer) }) });
  const asBytes = serializeTflite({
    ...model,
    tensors: weightAs({
      type: "int8",
      data: new Uint8Array(stored.buffer),
      quantization: { scale: Float32Array.of(0.25, 0.25), zeroPoint: [0, 0], axis: 0 },
    }),
  });
  const tensors = [
    ...weightAs({ name: "w" }),
    { name: "halves", type: "float16" as const, shape: [2, 3], data: halves },
  ];
  const dequantize = { op: "DEQUANTIZE", version: 3, inputs: [4], outputs: [1], options: { kind: "none" } as const };
  const asHalves = serializeTflite({
    ...model,
    tensors: tensors.map((tensor, place) =>
      place === 1 ? { name: "w", type: "float32" as const, shape: [2, 3] } : tensor,
    ),
    operators: [dequantize, ...model.operators],
  });
  for (const bytes of [asBytes, asHalves]) await equalsReference(asFloats, importTflite(bytes));
});

test("inputs and outputs keep their names, and an open batch stays open", async () => {
  const graph = importTflite(serializeTflite(denseModel()));
  assert.deepEqual(
    graph.inputs.map(({ name, shape }) => [name, shape]),
    [["x", ["N", 3]]],
  );
  assert.deepEqual(
    graph.outputs.map(({ name, shape }) => [name, shape]),
    [["y", ["N", 2]]],
  );
  const both = await run(graph, { x: { dtype: "float32", shape: [2, 3], data: Float32Array.of(1, 2, 3, -1, 0, 4) } });
  const each = [
    [1, 2, 3],
    [-1, 0, 4],
  ].flatMap((row) => [...reference(serializeTflite(denseModel()), Float32Array.from(row))]);
  assert.deepEqual([...both], each);
});

test("named pixels make a backbone that reads raw bytes", async () => {
  const bytes = modelOf([1, 4, 4, 3], conv({ activation: 1 }, [2, 3, 3, 3], [1, 4, 4, 2]));
  const data = Uint8Array.from({ length: 48 }, () => 256 * random());
  for (const [pixels, real] of [
    ["raw", (byte: number) => byte],
    ["signed", (byte: number) => byte / 127.5 - 1],
  ] as const) {
    const graph = importTflite(bytes, { pixels });
    assert.deepEqual(
      graph.inputs.map(({ name, dtype }) => [name, dtype]),
      [["image", "uint8"]],
    );
    const found = await run(graph, { image: { dtype: "uint8", shape: [1, 4, 4, 3], data } });
    close(found, reference(bytes, Float32Array.from(data, real)));
  }
  const rows = serializeTflite(denseModel());
  refused(() => importTflite(rows, { pixels: "raw" }), "shape-mismatch", /leave the pixels out/);
});

test("what cannot be imported is refused with operator, tensor and a way out", () => {
  const model = denseModel();
  const [operator] = model.operators;
  const refusedWith = (change: object, pattern: RegExp) =>
    refused(() => importTflite(serializeTflite({ ...model, ...change })), "unsupported-operator", pattern);
  const named = model.tensors.map((tensor, place) => (place === 3 ? { ...tensor, name: "scores" } : tensor));
  refusedWith(
    { tensors: named, operators: [{ ...operator!, op: "BATCH_MATMUL" }] },
    /BATCH_MATMUL making "scores".*run the \.tflite file as it is/,
  );
  refusedWith(
    { operators: [{ ...operator!, options: { kind: "FullyConnectedOptions", activation: 5 } }] },
    /fused activation 5/,
  );
  const integers = model.tensors.map((tensor, place) => (place === 0 ? { ...tensor, type: "int8" as const } : tensor));
  refusedWith({ tensors: integers }, /input "x": it takes int8; give the float model/);
});

test("files with changed bytes are imported or refused by code, never anything else", () => {
  const files = [serializeTflite(denseModel()), serializeTflite(imageModel())];
  const changes = seededRandom("imported mutants");
  let imported = 0;
  for (let trial = 0; trial < 4000; trial += 1) {
    const mutant = files[trial % 2]!.slice();
    for (let change = 0; change <= 3 * changes(); change += 1) {
      const at = Math.floor(changes() * mutant.length);
      mutant[at] = changes() < 0.5 ? mutant[at]! ^ (1 << Math.floor(8 * changes())) : 255;
    }
    try {
      importTflite(mutant, changes() < 0.3 ? { pixels: "raw" } : {});
      imported += 1;
    } catch (error) {
      assert.ok(error instanceof CompilerError, String(error));
    }
  }
  assert.ok(imported > 400 && imported < 3600, `${imported}`);
});

function modelOf(input: readonly number[], grow: Grow): Uint8Array {
  const builder = new TfliteBuilder();
  const x = builder.tensor({ name: "x", type: "float32", shape: input, signature: [-1, ...input.slice(1)] });
  const y = grow(builder, x);
  builder.rename(y, "y");
  return serializeTflite(builder.build("main", [x], [y]));
}

async function equalsReference(bytes: Uint8Array, graph: Graph): Promise<void> {
  const { tensors, inputs } = parseTflite(bytes);
  const { name, shape } = tensors[inputs[0]!]!;
  const data = noise(elementCount(shape));
  close(await run(graph, { [name]: { dtype: "float32", shape, data } }), reference(bytes, data));
}

async function run(graph: Graph, inputs: Readonly<Record<string, Tensor>>): Promise<Float32Array> {
  const model = await engine.load([{ name: graph.name, bytes: serializeModel(graph) }]);
  const { outputs } = await model.run(inputs);
  await model.unload();
  return outputs[graph.outputs[0]!.name]!.data as Float32Array;
}

function reference(bytes: Uint8Array, data: Float32Array): Float32Array {
  const model = parseTflite(bytes);
  return runReference(model, { [model.tensors[model.inputs[0]!]!.name]: data }).get(model.outputs[0]!) as Float32Array;
}

/** Within 1e-5 of the largest value: both sum floats, in different orders. */
function close(found: Float32Array, expected: Float32Array): void {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  assert.equal(found.length, expected.length);
  found.forEach((value, index) => {
    assert.ok(Math.abs(value - expected[index]!) <= 1e-5 * largest, `${index}: ${value} against ${expected[index]}`);
  });
}

function refused(work: () => unknown, code: string, pattern: RegExp): void {
  assert.throws(work, (error) => error instanceof CompilerError && error.code === code && pattern.test(error.message));
}
