import { floatAttribute, intAttribute, stringAttribute } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import { positiveAxis } from "../graph/shapes/shape-rule.ts";
import { floatScalar } from "../graph/tensor.ts";
import { type GradientContext, type GradientRule, outputGradient, summed } from "./gradient-rule.ts";

/** Relu: the gradient where the output is positive, 0 elsewhere. */
export const reluGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const zero = builder.constant(floatScalar(0));
  const isPositive = builder.add("Greater", [node.outputs[0]!, zero]);
  return [builder.add("Where", [isPositive, outputGradient(context), zero])];
};

/** Clip: the gradient where the input was not clipped. */
export const clipGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const isKept = builder.add("Equal", [node.inputs[0]!, node.outputs[0]!]);
  return [builder.add("Where", [isKept, outputGradient(context), builder.constant(floatScalar(0))])];
};

/** LeakyRelu: the gradient, times α where the input is negative. */
export const leakyReluGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const gradient = outputGradient(context);
  const isNegative = builder.add("Less", [node.inputs[0]!, builder.constant(floatScalar(0))]);
  const alpha = builder.constant(floatScalar(floatAttribute(node, "alpha", 0.01)));
  return [builder.add("Where", [isNegative, builder.add("Mul", [gradient, alpha]), gradient])];
};

/** Elu: the gradient, times y + α where the input is negative. */
export const eluGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const gradient = outputGradient(context);
  const isNegative = builder.add("Less", [node.inputs[0]!, builder.constant(floatScalar(0))]);
  const alpha = builder.constant(floatScalar(floatAttribute(node, "alpha", 1)));
  const slope = builder.add("Add", [node.outputs[0]!, alpha]);
  return [builder.add("Where", [isNegative, builder.add("Mul", [gradient, slope]), gradient])];
};

/** HardSigmoid: α where the output lies inside 0 … 1. */
export const hardSigmoidGradient: GradientRule = (context) => {
  const alpha = context.builder.constant(floatScalar(floatAttribute(context.node, "alpha", 0.2)));
  const scaled = context.builder.add("Mul", [outputGradient(context), alpha]);
  return [inside(context, context.node.outputs[0]!, [0, 1], scaled)];
};

/** HardSwish x · clip(x/6 + ½, 0, 1): 0 below −3, 1 above 3, (2x + 3)/6 between. */
export const hardSwishGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const [input] = node.inputs as [string];
  const gradient = outputGradient(context);
  const scalar = (value: number) => builder.constant(floatScalar(value));
  const line = builder.add("Add", [builder.add("Mul", [input, scalar(1 / 3)]), scalar(0.5)]);
  const middle = inside(context, input, [-3, 3], builder.add("Mul", [gradient, line]));
  const isAbove = builder.add("Greater", [input, scalar(3)]);
  return [builder.add("Where", [isAbove, gradient, middle])];
};

/** Softplus ln(1 + eˣ): the sigmoid. */
export const softplusGradient: GradientRule = (context) => {
  const { builder, node } = context;
  return [builder.add("Mul", [outputGradient(context), builder.add("Sigmoid", [node.inputs[0]!])])];
};

/** Gelu x·Φ(x): Φ(x) + x·φ(x); by tanh, ½(1 + t) + ½·x·(1 − t²)·t′. */
export const geluGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const [input] = node.inputs as [string];
  const isTanh = stringAttribute(node, "approximate", "none") === "tanh";
  const slope = isTanh ? tanhGeluSlope(builder, input) : erfGeluSlope(builder, input);
  return [builder.add("Mul", [outputGradient(context), slope])];
};

/** Sigmoid: y·(1 − y). */
export const sigmoidGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const [output] = node.outputs as [string];
  const slope = builder.add("Mul", [output, builder.add("Sub", [builder.constant(floatScalar(1)), output])]);
  return [builder.add("Mul", [outputGradient(context), slope])];
};

/** Tanh: 1 − y². */
export const tanhGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const [output] = node.outputs as [string];
  const slope = builder.add("Sub", [builder.constant(floatScalar(1)), builder.add("Mul", [output, output])]);
  return [builder.add("Mul", [outputGradient(context), slope])];
};

/** Softmax y: y·(dY − Σ dY·y). */
export const softmaxGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const [output] = node.outputs as [string];
  const gradient = outputGradient(context);
  const mean = summed(builder, builder.add("Mul", [gradient, output]), [axisOf(context)]);
  return [builder.add("Mul", [output, builder.add("Sub", [gradient, mean])])];
};

/** LogSoftmax y: dY − exp(y)·ΣdY. */
export const logSoftmaxGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const gradient = outputGradient(context);
  const total = summed(builder, gradient, [axisOf(context)]);
  const probability = builder.add("Exp", [node.outputs[0]!]);
  return [builder.add("Sub", [gradient, builder.add("Mul", [probability, total])])];
};

/** The gradient where a value lies between two bounds, 0 elsewhere. */
function inside(
  context: GradientContext,
  value: string,
  [low, high]: readonly [number, number],
  gradient: string,
): string {
  const { builder } = context;
  const scalar = (bound: number) => builder.constant(floatScalar(bound));
  const isAbove = builder.add("Greater", [value, scalar(low)]);
  const isBelow = builder.add("Less", [value, scalar(high)]);
  return builder.add("Where", [builder.add("And", [isAbove, isBelow]), gradient, scalar(0)]);
}

function erfGeluSlope(builder: GraphBuilder, input: string): string {
  const scalar = (value: number) => builder.constant(floatScalar(value));
  const scaled = builder.add("Erf", [builder.add("Mul", [input, scalar(Math.SQRT1_2)])]);
  const share = builder.add("Mul", [builder.add("Add", [scaled, scalar(1)]), scalar(0.5)]);
  const bell = builder.add("Exp", [builder.add("Mul", [builder.add("Mul", [input, input]), scalar(-0.5)])]);
  const density = builder.add("Mul", [bell, scalar(1 / Math.sqrt(2 * Math.PI))]);
  return builder.add("Add", [share, builder.add("Mul", [input, density])]);
}

function tanhGeluSlope(builder: GraphBuilder, input: string): string {
  const scalar = (value: number) => builder.constant(floatScalar(value));
  const times = (left: string, right: string) => builder.add("Mul", [left, right]);
  const plus = (left: string, right: string) => builder.add("Add", [left, right]);
  const root = Math.sqrt(2 / Math.PI);
  const square = times(input, input);
  const inner = times(input, plus(times(square, scalar(0.044715 * root)), scalar(root)));
  const t = builder.add("Tanh", [inner]);
  const innerSlope = plus(times(square, scalar(3 * 0.044715 * root)), scalar(root));
  const rise = builder.add("Sub", [scalar(1), times(t, t)]);
  const sides = plus(plus(t, scalar(1)), times(times(input, rise), innerSlope));
  return times(sides, scalar(0.5));
}

function axisOf(context: GradientContext): number {
  const rank = context.builder.shapeOf(context.node.inputs[0]!).length;
  return positiveAxis(intAttribute(context.node, "axis", -1), rank);
}
