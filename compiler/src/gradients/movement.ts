import { intAttribute, intsAttribute } from "../graph/graph.ts";
import { positiveAxis } from "../graph/shapes/shape-rule.ts";
import { floatScalar, int64Tensor } from "../graph/tensor.ts";
import {
  type GradientContext,
  type GradientRule,
  outputGradient,
  reshaped,
  transposed,
  unbroadcast,
} from "./gradient-rule.ts";

/** Identity. */
export const identityGradient: GradientRule = (context) => [outputGradient(context)];

/** Flatten, Reshape, Squeeze and Unsqueeze: the gradient in the input's shape. */
export const reshapeGradient: GradientRule = (context) => [
  reshaped(context.builder, outputGradient(context), context.builder.shapeOf(context.node.inputs[0]!)),
];

/** Transpose: the inverse order. */
export const transposeGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const rank = builder.shapeOf(node.inputs[0]!).length;
  const order = intsAttribute(node, "perm", [...Array(rank).keys()].reverse());
  const inverse = order.map((_, axis) => order.indexOf(axis));
  return [transposed(builder, outputGradient(context), inverse)];
};

/** Expand: summed over the axes that were broadcast. */
export const expandGradient: GradientRule = (context) => [
  unbroadcast(context.builder, outputGradient(context), context.builder.shapeOf(context.node.inputs[0]!)),
];

/** Concat: each input's part of the gradient. */
export const concatGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const rank = builder.shapeOf(node.outputs[0]!).length;
  const axis = positiveAxis(intAttribute(node, "axis", 0), rank);
  const gradient = outputGradient(context);
  let start = 0;
  return node.inputs.map((input, index) => {
    const end = start + builder.shapeOf(input)[axis]!;
    const bounds = [[start], [end], [axis]].map((values) => builder.constant(int64Tensor(values)));
    start = end;
    return context.wants(index) ? builder.add("Slice", [gradient, ...bounds]) : undefined;
  });
};

/** ReduceSum: the gradient spread over the axes. */
export const reduceSumGradient: GradientRule = (context) => [spread(context, outputGradient(context))];

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
