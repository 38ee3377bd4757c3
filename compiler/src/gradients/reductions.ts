import { intsAttribute } from "../graph/graph.ts";
import { positiveAxis } from "../graph/shapes/shape-rule.ts";
import { floatScalar, int64Tensor } from "../graph/tensor.ts";
import { type GradientContext, type GradientRule, outputGradient, reshaped } from "./gradient-rule.ts";

/** ReduceSum: the gradient spread over the axes. */
export const reduceSumGradient: GradientRule = (context) => [spread(context, outputGradient(context))];

/** ReduceMax and ReduceMin: the gradient at every place that holds the extreme; places that tie all get it. */
export const reduceExtremeGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const isExtreme = builder.add("Equal", [node.inputs[0]!, spread(context, node.outputs[0]!)]);
  const gradient = spread(context, outputGradient(context));
  return [builder.add("Where", [isExtreme, gradient, builder.constant(floatScalar(0))])];
};

/** ReduceSumSquare: 2x. */
export const reduceSumSquareGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const twice = builder.add("Mul", [node.inputs[0]!, builder.constant(floatScalar(2))]);
  return [builder.add("Mul", [spread(context, outputGradient(context)), twice])];
};

/** ReduceL1: the sign. */
export const reduceL1Gradient: GradientRule = (context) => {
  const { builder, node } = context;
  const gradient = spread(context, outputGradient(context));
  return [builder.add("Mul", [gradient, builder.add("Sign", [node.inputs[0]!])])];
};

/** ReduceL2 y: x / y. */
export const reduceL2Gradient: GradientRule = (context) => {
  const { builder, node } = context;
  const share = builder.add("Div", [outputGradient(context), node.outputs[0]!]);
  return [builder.add("Mul", [spread(context, share), node.inputs[0]!])];
};

/** ReduceLogSum y: e⁻ʸ. */
export const reduceLogSumGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const total = builder.add("Exp", [node.outputs[0]!]);
  return [spread(context, builder.add("Div", [outputGradient(context), total]))];
};

/** ReduceLogSumExp y: eˣ⁻ʸ. */
export const reduceLogSumExpGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const distance = builder.add("Sub", [node.inputs[0]!, spread(context, node.outputs[0]!)]);
  return [builder.add("Mul", [spread(context, outputGradient(context)), builder.add("Exp", [distance])])];
};

/** ReduceProd y: y / x, for inputs other than 0. */
export const reduceProdGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const product = builder.add("Mul", [outputGradient(context), node.outputs[0]!]);
  return [builder.add("Div", [spread(context, product), node.inputs[0]!])];
};

/** ReduceMean: the gradient spread over the axes, divided by how many elements each mean had. */
export const reduceMeanGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const full = builder.shapeOf(node.inputs[0]!).reduce((product, size) => product * size, 1);
  const reduced = builder.shapeOf(node.outputs[0]!).reduce((product, size) => product * size, 1);
  const count = builder.constant(floatScalar(full / reduced));
  return [spread(context, builder.add("Div", [outputGradient(context), count]))];
};

function spread(context: GradientContext, gradient: string): string {
  const { builder, node } = context;
  const shape = builder.shapeOf(node.inputs[0]!);
  const reduced = builder.shapeOf(node.outputs[0]!);
  const kept = reduced.length === shape.length ? reduced : keptShape(context, shape);
  const wide = reduced.length === shape.length ? gradient : reshaped(builder, gradient, kept);
  return builder.add("Expand", [wide, builder.constant(int64Tensor(shape))]);
}

function keptShape(context: GradientContext, shape: readonly number[]): readonly number[] {
  const axes =
    context.builder.constantIntegers(context.node.inputs[1]) ?? intsAttribute(context.node, "axes", [...shape.keys()]);
  const reduced = new Set(axes.map((axis) => positiveAxis(axis, shape.length)));
  return shape.map((size, axis) => (reduced.has(axis) ? 1 : size));
}
