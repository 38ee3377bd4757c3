import { type Attribute, attribute } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import { floatScalar, floatTensor, int64Tensor } from "../graph/tensor.ts";
import type { ExecutionProvider } from "./execution-provider.ts";

/** One operator in one form: how to make a value from the inputs, whose gradients by all inputs are then checked. */
export interface GradientCase {
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

type Attributes = Readonly<Record<string, Attribute>>;
const single =
  (op: string, attributes: Attributes = {}) =>
  (builder: GraphBuilder, inputs: readonly string[]) =>
    builder.add(op, inputs, { attributes });
const shaped =
  (op: string, values: readonly number[], attributes: Attributes = {}) =>
  (builder: GraphBuilder, inputs: readonly string[]) =>
    builder.add(op, [...inputs, builder.constant(int64Tensor(values))], { attributes });
const slice =
  (...bounds: readonly (readonly number[])[]) =>
  (builder: GraphBuilder, inputs: readonly string[]) =>
    builder.add("Slice", [...inputs, ...bounds.map((values) => builder.constant(int64Tensor(values)))]);
const { int, ints } = attribute;

/** Every operator with a gradient rule, in each form that its rule tells apart. */
export const gradientCases: readonly GradientCase[] = [
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
  { operator: "Abs", shapes: [[2, 3]], make: single("Abs") },
  {
    operator: "AveragePool",
    form: "tiles",
    shapes: [[2, 2, 4, 6]],
    make: single("AveragePool", { kernel_shape: ints([2, 3]), strides: ints([2, 3]) }),
  },
  {
    operator: "AveragePool",
    form: "overlapping, uneven pads that do not count",
    shapes: [[1, 2, 5, 6]],
    make: single("AveragePool", { kernel_shape: ints([3, 2]), strides: ints([2, 1]), pads: ints([1, 0, 1, 1]) }),
  },
  {
    operator: "AveragePool",
    form: "pads that count",
    shapes: [[1, 2, 5, 6]],
    make: single("AveragePool", {
      kernel_shape: ints([3, 3]),
      strides: ints([2, 2]),
      pads: ints([1, 1, 1, 1]),
      count_include_pad: int(1),
    }),
  },
  {
    operator: "BatchNormalization",
    form: "running statistics",
    shapes: [[2, 3, 2, 2], [3], [3]],
    make: (builder, inputs) => {
      const running = [floatTensor([0.1, -0.2, 0.3]), floatTensor([0.5, 1, 2])].map((each) => builder.constant(each));
      return builder.add("BatchNormalization", [...inputs, ...running]);
    },
  },
  {
    operator: "Clip",
    shapes: [[3, 5]],
    make: (builder, [x]) =>
      builder.add("Clip", [x!, ...[-0.5, 0.8].map((bound) => builder.constant(floatScalar(bound)))]),
  },
  {
    operator: "Conv",
    form: "two groups, stride 2, bias",
    shapes: [[2, 4, 5, 6], [6, 2, 3, 3], [6]],
    make: single("Conv", { group: int(2), pads: ints([1, 1, 1, 1]), strides: ints([2, 2]) }),
  },
  {
    operator: "Conv",
    form: "depthwise, dilation 2",
    shapes: [
      [2, 3, 6, 5],
      [3, 1, 3, 3],
    ],
    make: single("Conv", { group: int(3), pads: ints([2, 2, 2, 2]), dilations: ints([2, 2]) }),
  },
  {
    operator: "Conv",
    form: "depthwise, two filters a channel, SAME padding",
    shapes: [
      [1, 2, 5, 5],
      [4, 1, 3, 2],
    ],
    make: single("Conv", { group: int(2), strides: ints([2, 1]), auto_pad: attribute.string("SAME_UPPER") }),
  },
  { operator: "Cos", shapes: [[2, 3]], make: single("Cos") },
  { operator: "Dropout", form: "as in inference", shapes: [[2, 3]], make: single("Dropout") },
  { operator: "Elu", shapes: [[3, 5]], make: single("Elu", { alpha: attribute.float(0.7) }) },
  { operator: "Erf", shapes: [[3, 5]], make: single("Erf") },
  {
    operator: "Gather",
    form: "axis 0, one row twice, a negative index",
    shapes: [[4, 3]],
    make: (builder, [x]) => builder.add("Gather", [x!, builder.constant(int64Tensor([1, 1, -1, 0], [2, 2]))]),
  },
  {
    operator: "Gather",
    form: "axis 1, a scalar index",
    shapes: [[2, 4, 3]],
    make: (builder, [x]) =>
      builder.add("Gather", [x!, builder.constant(int64Tensor([2], []))], { attributes: { axis: int(1) } }),
  },
  {
    operator: "Gather",
    form: "axis 1 of three, a list",
    shapes: [[2, 4, 3]],
    make: (builder, [x]) =>
      builder.add("Gather", [x!, builder.constant(int64Tensor([3, 0, 3]))], { attributes: { axis: int(1) } }),
  },
  { operator: "Gelu", shapes: [[3, 5]], make: single("Gelu") },
  {
    operator: "Gelu",
    form: "by tanh",
    shapes: [[3, 5]],
    make: single("Gelu", { approximate: attribute.string("tanh") }),
  },
  { operator: "GlobalMaxPool", spaced: true, shapes: [[2, 3, 3, 2]], make: single("GlobalMaxPool") },
  { operator: "HardSigmoid", shapes: [[5, 5]], make: single("HardSigmoid", { alpha: attribute.float(0.4) }) },
  { operator: "HardSwish", spaced: true, shapes: [[5, 5]], make: single("HardSwish") },
  { operator: "LayerNormalization", shapes: [[2, 3, 4], [4], [4]], make: single("LayerNormalization") },
  {
    operator: "LayerNormalization",
    form: "two axes, no bias",
    shapes: [
      [2, 3, 4],
      [3, 4],
    ],
    make: single("LayerNormalization", { axis: int(1) }),
  },
  { operator: "LeakyRelu", shapes: [[3, 5]], make: single("LeakyRelu", { alpha: attribute.float(0.2) }) },
  {
    operator: "MatMul",
    form: "stacks that broadcast",
    shapes: [
      [2, 1, 2, 3],
      [3, 3, 2],
    ],
    make: single("MatMul"),
  },
  {
    operator: "Max",
    form: "broadcast, three",
    spaced: true,
    shapes: [[2, 3], [3], [2, 1]],
    make: single("Max"),
  },
  {
    operator: "MaxPool",
    form: "overlapping, pads, stride 2",
    spaced: true,
    shapes: [[2, 2, 5, 6]],
    make: single("MaxPool", { kernel_shape: ints([3, 3]), strides: ints([2, 2]), pads: ints([1, 1, 1, 1]) }),
  },
  { operator: "Min", spaced: true, shapes: [[2, 3], [3]], make: single("Min") },
  { operator: "Pad", shapes: [[2, 3]], make: shaped("Pad", [1, 0, 0, 2]) },
  {
    operator: "Pow",
    form: "square",
    shapes: [[2, 3]],
    make: (builder, [x]) => builder.add("Pow", [x!, builder.constant(floatScalar(2))]),
  },
  { operator: "Pow", form: "broadcast", positive: true, shapes: [[2, 3], [3]], make: single("Pow") },
  { operator: "Reciprocal", positive: true, shapes: [[2, 3]], make: single("Reciprocal") },
  { operator: "ReduceL1", shapes: [[2, 3, 4]], make: single("ReduceL1", { axes: ints([1]) }) },
  { operator: "ReduceL2", shapes: [[2, 3, 4]], make: single("ReduceL2", { axes: ints([-1]), keepdims: int(0) }) },
  { operator: "ReduceLogSum", positive: true, shapes: [[2, 3]], make: single("ReduceLogSum", { axes: ints([1]) }) },
  { operator: "ReduceLogSumExp", shapes: [[2, 3]], make: single("ReduceLogSumExp", { axes: ints([0]) }) },
  { operator: "ReduceMax", spaced: true, shapes: [[2, 3, 4]], make: single("ReduceMax", { axes: ints([1]) }) },
  {
    operator: "ReduceMin",
    spaced: true,
    shapes: [[2, 3, 4]],
    make: single("ReduceMin", { axes: ints([0, 2]), keepdims: int(0) }),
  },
  { operator: "ReduceProd", positive: true, shapes: [[2, 3]], make: single("ReduceProd", { axes: ints([1]) }) },
  { operator: "ReduceSumSquare", shapes: [[2, 3, 4]], make: single("ReduceSumSquare", { axes: ints([1]) }) },
  { operator: "Sin", shapes: [[2, 3]], make: single("Sin") },
  { operator: "Slice", form: "two axes", shapes: [[3, 4, 2]], make: slice([1, -3], [3, 4], [0, 1], [1, 1]) },
  { operator: "Slice", form: "every second", shapes: [[2, 7]], make: slice([1], [100], [1], [2]) },
  { operator: "Slice", form: "backwards", shapes: [[2, 7]], make: slice([-1], [-100], [1], [-3]) },
  { operator: "Softplus", shapes: [[2, 3]], make: single("Softplus") },
  {
    operator: "Split",
    form: "one part unread",
    shapes: [[2, 7]],
    make: (builder, [x]) => {
      const outputs = ["left", "middle", "right"];
      const sizes = builder.constant(int64Tensor([2, 3, 2]));
      builder.addMany("Split", [x!, sizes], { outputs, attributes: { axis: int(1) } });
      return builder.add("Mul", ["left", "right"]);
    },
  },
  { operator: "Sum", form: "broadcast", shapes: [[2, 3], [3], [1, 1]], make: single("Sum") },
  {
    operator: "Where",
    form: "broadcast",
    shapes: [[2, 3], [3]],
    make: (builder, [x, y]) =>
      builder.add("Where", [builder.add("Greater", [x!, builder.constant(floatScalar(0))]), x!, y!]),
  },
];

function batchNorm(builder: GraphBuilder, inputs: readonly string[]): string {
  const running = [0, 1].map((value) => builder.constant(floatTensor([value, value, value])));
  const attributes = { training_mode: int(1), momentum: attribute.float(0) };
  const [output] = builder.addMany("BatchNormalization", [...inputs, ...running], {
    outputs: ["y", "mean", "variance"],
    attributes,
  });
  return output!;
}
