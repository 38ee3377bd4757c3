import { floatScalar } from "../graph/tensor.ts";
import { type GradientContext, type GradientRule, outputGradient, unbroadcast } from "./gradient-rule.ts";

/** Add with broadcasting. */
export const addGradient: GradientRule = (context) => {
  const gradient = outputGradient(context);
  return [fitted(context, 0, () => gradient), fitted(context, 1, () => gradient)];
};

/** Sub with broadcasting. */
export const subGradient: GradientRule = (context) => {
  const gradient = outputGradient(context);
  return [fitted(context, 0, () => gradient), fitted(context, 1, () => context.builder.add("Neg", [gradient]))];
};

/** Mul with broadcasting: each factor's gradient is multiplied by the other. */
export const mulGradient: GradientRule = (context) => {
  const gradient = outputGradient(context);
  const [left, right] = context.node.inputs as [string, string];
  const times = (factor: string) => context.builder.add("Mul", [gradient, factor]);
  return [fitted(context, 0, () => times(right)), fitted(context, 1, () => times(left))];
};

/** Div with broadcasting: d(a/b) = da/b − (a/b)·db/b. */
export const divGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const [, right] = node.inputs as [string, string];
  const share = builder.add("Div", [outputGradient(context), right]);
  const byDivisor = () => builder.add("Neg", [builder.add("Mul", [share, node.outputs[0]!])]);
  return [fitted(context, 0, () => share), fitted(context, 1, byDivisor)];
};

/** Neg. */
export const negGradient: GradientRule = (context) => [context.builder.add("Neg", [outputGradient(context)])];

/** Exp: the output times the gradient. */
export const expGradient: GradientRule = (context) => [
  context.builder.add("Mul", [outputGradient(context), context.node.outputs[0]!]),
];

/** Log: the gradient over the input. */
export const logGradient: GradientRule = (context) => [
  context.builder.add("Div", [outputGradient(context), context.node.inputs[0]!]),
];

/** Sqrt: the gradient over twice the output. */
export const sqrtGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const twice = builder.add("Mul", [node.outputs[0]!, builder.constant(floatScalar(2))]);
  return [builder.add("Div", [outputGradient(context), twice])];
};

function fitted(context: GradientContext, input: number, gradient: () => string): string | undefined {
  if (!context.wants(input)) return undefined;
  return unbroadcast(context.builder, gradient(), context.builder.shapeOf(context.node.inputs[input]!));
}
