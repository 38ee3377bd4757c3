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

/** Sum of any number of inputs with broadcasting. */
export const sumGradient: GradientRule = (context) => {
  const gradient = outputGradient(context);
  return context.node.inputs.map((_, input) => fitted(context, input, () => gradient));
};

/** Pow aᵇ: da = b·aᵇ⁻¹, db = aᵇ·ln a (for positive bases). */
export const powGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const [base, exponent] = node.inputs as [string, string];
  const gradient = outputGradient(context);
  const times = (slope: string) => builder.add("Mul", [gradient, slope]);
  const byBase = () => {
    const lower = builder.add("Sub", [exponent, builder.constant(floatScalar(1))]);
    return times(builder.add("Mul", [exponent, builder.add("Pow", [base, lower])]));
  };
  const byExponent = () => times(builder.add("Mul", [node.outputs[0]!, builder.add("Log", [base])]));
  return [fitted(context, 0, byBase), fitted(context, 1, byExponent)];
};

/** Where(condition, x, y): each place's gradient goes to what was taken there. */
export const whereGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const [condition] = node.inputs as [string];
  const gradient = outputGradient(context);
  const zero = builder.constant(floatScalar(0));
  return [
    undefined,
    fitted(context, 1, () => builder.add("Where", [condition, gradient, zero])),
    fitted(context, 2, () => builder.add("Where", [condition, zero, gradient])),
  ];
};

/** Max and Min: the gradient goes to every input that equals the output; inputs that tie all get it. */
export const extremeGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const gradient = outputGradient(context);
  const zero = builder.constant(floatScalar(0));
  return node.inputs.map((input, index) =>
    fitted(context, index, () =>
      builder.add("Where", [builder.add("Equal", [input, node.outputs[0]!]), gradient, zero]),
    ),
  );
};

/** Abs: the sign. */
export const absGradient: GradientRule = (context) => {
  const { builder, node } = context;
  return [builder.add("Mul", [outputGradient(context), builder.add("Sign", [node.inputs[0]!])])];
};

/** Reciprocal y: −y². */
export const reciprocalGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const [output] = node.outputs as [string];
  const square = builder.add("Mul", [output, output]);
  return [builder.add("Neg", [builder.add("Mul", [outputGradient(context), square])])];
};

/** Sin: cos. */
export const sinGradient: GradientRule = (context) => {
  const { builder, node } = context;
  return [builder.add("Mul", [outputGradient(context), builder.add("Cos", [node.inputs[0]!])])];
};

/** Cos: −sin. */
export const cosGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const slope = builder.add("Neg", [builder.add("Sin", [node.inputs[0]!])]);
  return [builder.add("Mul", [outputGradient(context), slope])];
};

/** Erf: 2/√π · e^(−x²). */
export const erfGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const [input] = node.inputs as [string];
  const bell = builder.add("Exp", [builder.add("Neg", [builder.add("Mul", [input, input])])]);
  const slope = builder.add("Mul", [bell, builder.constant(floatScalar(2 / Math.sqrt(Math.PI)))]);
  return [builder.add("Mul", [outputGradient(context), slope])];
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
