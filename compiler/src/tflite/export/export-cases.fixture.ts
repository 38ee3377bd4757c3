import { attribute } from "../../graph/graph.ts";
import type { GraphBuilder } from "../../graph/graph-builder.ts";
import { elementCount, floatTensor, int64Tensor } from "../../graph/tensor.ts";
import { seededRandom } from "../../statistics/index.ts";

const random = seededRandom("exported graphs");

/** Values between −1 and 1. */
export const noise = (count: number): Float32Array => Float32Array.from({ length: count }, () => 2 * random() - 1);

/** Adds nodes behind an input and returns what the last one makes. */
export type Grow = (builder: GraphBuilder, input: string) => string;

interface Case {
  readonly of: string;
  readonly input: readonly (number | string)[];
  readonly grow: Grow;
  /** The operators of the float file, and of the int8 one without its QUANTIZE and DEQUANTIZE. */
  readonly float: readonly string[];
  readonly int8: readonly string[];
}

/** A constant of noise that keeps the size of what it is multiplied with. */
export const weight = (builder: GraphBuilder, shape: readonly number[]) => {
  const scale = 1 / Math.sqrt(elementCount(shape.slice(1)));
  return builder.constant(
    floatTensor(
      noise(elementCount(shape)).map((value) => value * scale),
      shape,
    ),
  );
};

/** A convolution with random weights of a shape and a bias. */
export function conv(
  shape: readonly number[],
  attributes: Readonly<Record<string, readonly number[] | number>> = {},
): Grow {
  return (builder, x) =>
    builder.add("Conv", [x, weight(builder, shape), weight(builder, [shape[0]!])], {
      attributes: Object.fromEntries(
        Object.entries(attributes).map(([name, value]) => [
          name,
          typeof value === "number" ? attribute.int(value) : attribute.ints(value),
        ]),
      ),
    });
}

/** One node. */
export const one =
  (op: string, attributes = {}): Grow =>
  (builder, x) =>
    builder.add(op, [x], { attributes });
/** Steps behind one another. */
export const chain =
  (...steps: Grow[]): Grow =>
  (builder, x) =>
    steps.reduce((value, step) => step(builder, value), x);
/** A Relu. */
export const relu = one("Relu");
/** A Gemm with random weights and a bias. */
export const dense =
  (units: number, depth: number): Grow =>
  (builder, x) =>
    builder.add("Gemm", [x, weight(builder, [units, depth]), weight(builder, [units])], {
      attributes: { transB: attribute.int(1) },
    });
/** The shape of the images that most graphs here read. */
export const planes = ["N", 4, 8, 8];
/** Pads that keep the size under a kernel of three. */
export const same = { pads: [1, 1, 1, 1] };

/** Graphs with the operators of their files. */
export const cases: readonly Case[] = [
  {
    of: "a convolution whose pads are SAME",
    input: planes,
    grow: chain(conv([6, 4, 3, 3], same), relu),
    float: ["TRANSPOSE", "CONV_2D", "TRANSPOSE"],
    int8: ["TRANSPOSE", "CONV_2D", "TRANSPOSE"],
  },
  {
    of: "a convolution whose pads are not SAME, since its stride is 2",
    input: planes,
    grow: conv([6, 4, 3, 3], { ...same, strides: [2, 2] }),
    float: ["TRANSPOSE", "PAD", "CONV_2D", "TRANSPOSE"],
    int8: ["TRANSPOSE", "PAD", "CONV_2D", "TRANSPOSE"],
  },
  {
    of: "a depthwise convolution with gaps",
    input: planes,
    grow: conv([8, 1, 3, 3], { group: 4, pads: [2, 2, 2, 2], dilations: [2, 2] }),
    float: ["TRANSPOSE", "DEPTHWISE_CONV_2D", "TRANSPOSE"],
    int8: ["TRANSPOSE", "DEPTHWISE_CONV_2D", "TRANSPOSE"],
  },
  {
    of: "rows through two layers",
    input: ["N", 20],
    grow: chain(dense(12, 20), relu, dense(5, 12)),
    float: ["FULLY_CONNECTED", "FULLY_CONNECTED"],
    int8: ["RESHAPE", "CONV_2D", "CONV_2D", "RESHAPE"],
  },
  {
    of: "planes flattened into a layer",
    input: planes,
    grow: chain(
      conv([6, 4, 3, 3], same),
      relu,
      one("MaxPool", { kernel_shape: attribute.ints([2, 2]), strides: attribute.ints([2, 2]) }),
      one("Flatten"),
      dense(5, 96),
    ),
    float: ["TRANSPOSE", "CONV_2D", "MAX_POOL_2D", "RESHAPE", "FULLY_CONNECTED"],
    int8: ["TRANSPOSE", "CONV_2D", "MAX_POOL_2D", "RESHAPE", "CONV_2D", "RESHAPE"],
  },
  {
    of: "planes flattened for all to see",
    input: planes,
    grow: chain(conv([6, 4, 1, 1]), one("Flatten")),
    float: ["TRANSPOSE", "CONV_2D", "TRANSPOSE", "RESHAPE"],
    int8: ["TRANSPOSE", "CONV_2D", "TRANSPOSE", "RESHAPE"],
  },
  {
    of: "the mean of planes into a layer and shares",
    input: planes,
    grow: chain(
      conv([6, 4, 3, 3], same),
      relu,
      one("GlobalAveragePool"),
      one("Flatten"),
      dense(5, 6),
      one("Softmax", { axis: attribute.int(-1) }),
    ),
    float: ["TRANSPOSE", "CONV_2D", "MEAN", "RESHAPE", "FULLY_CONNECTED", "SOFTMAX"],
    int8: ["TRANSPOSE", "CONV_2D", "MEAN", "CONV_2D", "SOFTMAX", "RESHAPE"],
  },
  {
    of: "a block with a way around",
    input: planes,
    grow: (builder, x) => {
      const start = relu(builder, conv([6, 4, 1, 1])(builder, x));
      const branch = conv([6, 6, 3, 3], same)(builder, start);
      return conv([3, 6, 1, 1])(builder, relu(builder, builder.add("Add", [start, branch])));
    },
    float: ["TRANSPOSE", "CONV_2D", "CONV_2D", "ADD", "CONV_2D", "TRANSPOSE"],
    int8: ["TRANSPOSE", "CONV_2D", "CONV_2D", "ADD", "CONV_2D", "TRANSPOSE"],
  },
  {
    of: "channels weighed by shares of themselves",
    input: planes,
    grow: (builder, x) => {
      const start = conv([6, 4, 1, 1])(builder, x);
      const gate = one("Sigmoid")(builder, conv([6, 6, 1, 1])(builder, one("GlobalAveragePool")(builder, start)));
      return conv([3, 6, 1, 1])(builder, builder.add("Mul", [start, gate]));
    },
    float: ["TRANSPOSE", "CONV_2D", "MEAN", "CONV_2D", "LOGISTIC", "MUL", "CONV_2D", "TRANSPOSE"],
    int8: ["TRANSPOSE", "CONV_2D", "MEAN", "CONV_2D", "LOGISTIC", "MUL", "CONV_2D", "TRANSPOSE"],
  },
  {
    of: "branches joined at one scale",
    input: planes,
    grow: (builder, x) => {
      const left = relu(builder, conv([3, 4, 1, 1])(builder, x));
      const right = one("Tanh")(builder, conv([2, 4, 1, 1])(builder, x));
      const joined = builder.add("Concat", [left, right], { attributes: { axis: attribute.int(1) } });
      return conv([3, 5, 1, 1])(builder, joined);
    },
    float: ["TRANSPOSE", "CONV_2D", "CONV_2D", "TANH", "CONCATENATION", "CONV_2D", "TRANSPOSE"],
    int8: ["TRANSPOSE", "CONV_2D", "CONV_2D", "TANH", "CONCATENATION", "CONV_2D", "TRANSPOSE"],
  },
  {
    of: "pools of every kind of padding",
    input: planes,
    grow: chain(
      conv([4, 4, 1, 1]),
      relu,
      one("MaxPool", {
        kernel_shape: attribute.ints([3, 3]),
        strides: attribute.ints([2, 2]),
        pads: attribute.ints([1, 1, 1, 1]),
      }),
      one("AveragePool", { kernel_shape: attribute.ints([3, 3]), pads: attribute.ints([1, 1, 1, 1]) }),
      conv([3, 4, 1, 1]),
    ),
    float: ["TRANSPOSE", "CONV_2D", "PADV2", "MAX_POOL_2D", "AVERAGE_POOL_2D", "CONV_2D", "TRANSPOSE"],
    int8: ["TRANSPOSE", "CONV_2D", "PADV2", "MAX_POOL_2D", "AVERAGE_POOL_2D", "CONV_2D", "TRANSPOSE"],
  },
  {
    of: "values per channel added and clipped",
    input: planes,
    grow: (builder, x) => {
      const shifted = builder.add("Sub", [conv([6, 4, 1, 1])(builder, x), weight(builder, [6, 1, 1])]);
      const clipped = builder.add("Clip", [
        shifted,
        builder.constant(floatTensor([0], [])),
        builder.constant(floatTensor([6], [])),
      ]);
      return conv([3, 6, 1, 1])(builder, clipped);
    },
    float: ["TRANSPOSE", "CONV_2D", "SUB", "CONV_2D", "TRANSPOSE"],
    int8: ["TRANSPOSE", "CONV_2D", "SUB", "CONV_2D", "TRANSPOSE"],
  },
  {
    of: "padding, reshaping and turning",
    input: planes,
    grow: (builder, x) => {
      const padded = builder.add("Pad", [
        conv([4, 4, 1, 1])(builder, x),
        builder.constant(int64Tensor([0, 0, 1, 0, 0, 0, 0, 1])),
      ]);
      const turned = one("Transpose", { perm: attribute.ints([0, 1, 3, 2]) })(builder, padded);
      return builder.add("Reshape", [conv([4, 4, 1, 1])(builder, turned), builder.constant(int64Tensor([0, 2, 162]))]);
    },
    float: ["TRANSPOSE", "CONV_2D", "PAD", "TRANSPOSE", "TRANSPOSE", "TRANSPOSE", "CONV_2D", "TRANSPOSE", "RESHAPE"],
    int8: ["TRANSPOSE", "CONV_2D", "PAD", "TRANSPOSE", "TRANSPOSE", "TRANSPOSE", "CONV_2D", "TRANSPOSE", "RESHAPE"],
  },
  {
    of: "a clip to bounds that TFLite has not",
    input: ["N", 9],
    grow: (builder, x) =>
      builder.add("Clip", [
        dense(7, 9)(builder, x),
        builder.constant(floatTensor([-0.2], [])),
        builder.constant(floatTensor([0.3], [])),
      ]),
    float: ["FULLY_CONNECTED", "MAXIMUM", "MINIMUM"],
    int8: ["RESHAPE", "CONV_2D", "MAXIMUM", "MINIMUM", "RESHAPE"],
  },
];
