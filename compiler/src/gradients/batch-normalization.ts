import { attribute, floatAttribute, intAttribute } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import { floatScalar, floatTensor } from "../graph/tensor.ts";
import { type GradientContext, type GradientRule, outputGradient, reshaped, summed } from "./gradient-rule.ts";

/**
 * BatchNormalization in training mode over [N, C, …], whose second and third outputs are the batch's mean and variance
 * (momentum 0). With x̂ = (x − μ)/σ over n positions: dβ = ΣdY, dγ = Σ dY·x̂, and
 * dX = γ/σ · (dY − dβ/n − x̂·dγ/n), written as a·dY + (b·x + c) with one a, b, c per channel.
 */
export const batchNormalizationGradient: GradientRule = (context) => {
  const { builder, node } = context;
  if (intAttribute(node, "training_mode", 0) !== 1) return runningGradient(context);
  const [input, scale] = node.inputs as [string, string];
  const [, mean, variance] = node.outputs as [string, string, string];
  const gradient = outputGradient(context);
  const shape = builder.shapeOf(input);
  const others = shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
  const epsilon = builder.constant(floatScalar(floatAttribute(node, "epsilon", 1e-5)));
  const inverse = builder.add("Reciprocal", [builder.add("Sqrt", [builder.add("Add", [variance, epsilon])])]);
  const biasGradient = summed(builder, gradient, others, false);
  const product = summed(builder, builder.add("Mul", [gradient, input]), others, false);
  const centred = builder.add("Sub", [product, builder.add("Mul", [mean, biasGradient])]);
  const scaleGradient = builder.add("Mul", [inverse, centred]);
  const terms = { input, gradient, scale, mean, inverse, biasGradient, scaleGradient };
  return [context.wants(0) ? inputGradient(builder, shape, terms) : undefined, scaleGradient, biasGradient];
};

/** By running statistics every place is a line: dX = dY·γ/σ, dγ = Σ dY·x̂, dβ = ΣdY; the statistics get nothing. */
function runningGradient(context: GradientContext): readonly (string | undefined)[] {
  const { builder, node } = context;
  const [input, scale, , mean, variance] = node.inputs as [string, string, string, string, string];
  const gradient = outputGradient(context);
  const shape = builder.shapeOf(input);
  const others = shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
  const perChannel = [1, shape[1]!, ...shape.slice(2).map(() => 1)];
  const epsilon = builder.constant(floatScalar(floatAttribute(node, "epsilon", 1e-5)));
  const inverse = builder.add("Reciprocal", [builder.add("Sqrt", [builder.add("Add", [variance, epsilon])])]);
  const wide = (value: string) => reshaped(builder, value, perChannel);
  const byScale = () => {
    const normal = builder.add("Mul", [builder.add("Sub", [input, wide(mean)]), wide(inverse)]);
    return summed(builder, builder.add("Mul", [gradient, normal]), others, false);
  };
  return [
    context.wants(0) ? builder.add("Mul", [gradient, wide(builder.add("Mul", [scale, inverse]))]) : undefined,
    context.wants(1) ? byScale() : undefined,
    context.wants(2) ? summed(builder, gradient, others, false) : undefined,
  ];
}

interface Terms {
  readonly input: string;
  readonly gradient: string;
  readonly scale: string;
  readonly mean: string;
  readonly inverse: string;
  readonly biasGradient: string;
  readonly scaleGradient: string;
}

function inputGradient(builder: GraphBuilder, shape: readonly number[], terms: Terms): string {
  const channels = shape[1]!;
  const perChannel = [1, channels, ...shape.slice(2).map(() => 1)];
  const count = builder.constant(floatScalar(shape.reduce((product, size) => product * size, 1) / channels));
  const a = builder.add("Mul", [terms.scale, terms.inverse]);
  const slope = builder.add("Mul", [builder.add("Mul", [a, terms.inverse]), terms.scaleGradient]);
  const b = builder.add("Neg", [builder.add("Div", [slope, count])]);
  const shift = builder.add("Div", [builder.add("Mul", [a, terms.biasGradient]), count]);
  const c = builder.add("Neg", [builder.add("Add", [shift, builder.add("Mul", [b, terms.mean])])]);
  // b·x + c as one pass: the inference operator with mean 0 and variance 1.
  const [zeros, ones] = [0, 1].map((value) => builder.constant(floatTensor(new Float32Array(channels).fill(value))));
  const affine = builder.add("BatchNormalization", [terms.input, b, c, zeros!, ones!], {
    attributes: { epsilon: attribute.float(0) },
  });
  return builder.add("Add", [builder.add("Mul", [terms.gradient, reshaped(builder, a, perChannel)]), affine]);
}
