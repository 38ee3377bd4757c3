import { elementCount } from "../../graph/tensor.ts";
import { seededRandom } from "../../statistics/index.ts";
import type { TfliteBuilder } from "../export/tflite-builder.ts";
import type { TfliteOptions } from "../tflite-model.ts";

const random = seededRandom("imported models");

/** Adds operators behind an input and returns what the last one makes. */
export type Grow = (builder: TfliteBuilder, input: number) => number;

interface Case {
  readonly of: string;
  readonly input: readonly number[];
  readonly grow: Grow;
  readonly operators: readonly string[];
}

const window = { padding: 0, strideW: 1, strideH: 1 };
const f32 = (shape: readonly number[]) => ({ type: "float32" as const, shape });
/** Values between −1 and 1. */
export const noise = (count: number) => Float32Array.from({ length: count }, () => 2 * random() - 1);
const constant = (builder: TfliteBuilder, shape: readonly number[]) =>
  builder.floats(noise(elementCount(shape)), shape);

/** A CONV_2D with random weights and a bias. */
export function conv(options: object, weight: readonly number[], output: readonly number[]): Grow {
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

/** Files with the nodes of their graphs. */
export const cases: readonly Case[] = [
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
