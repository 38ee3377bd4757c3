import { intAttribute } from "../graph/graph.ts";
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

function axisOf(context: GradientContext): number {
  const rank = context.builder.shapeOf(context.node.inputs[0]!).length;
  return positiveAxis(intAttribute(context.node, "axis", -1), rank);
}
