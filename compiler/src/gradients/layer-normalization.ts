import { attribute, floatAttribute, intAttribute } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import { positiveAxis } from "../graph/shapes/shape-rule.ts";
import { floatScalar } from "../graph/tensor.ts";
import { type GradientRule, outputGradient, unbroadcast } from "./gradient-rule.ts";

/**
 * LayerNormalization over the axes from `axis` on. With x̂ = (x − μ)/σ and g = dY·γ: dβ = ΣdY, dγ = Σ dY·x̂, and
 * dX = (g − mean(g) − x̂·mean(g·x̂))/σ (Ba et al. 2016); mean and deviation are computed anew.
 */
export const layerNormalizationGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const [input, scale, bias] = node.inputs as [string, string, string | undefined];
  const rank = builder.shapeOf(input).length;
  const first = positiveAxis(intAttribute(node, "axis", -1), rank);
  const axes = Array.from({ length: rank - first }, (_, index) => first + index);
  const gradient = outputGradient(context);
  const { normal, inverse } = normalized(builder, input, axes, floatAttribute(node, "epsilon", 1e-5));
  const times = (left: string, right: string) => builder.add("Mul", [left, right]);
  const byInput = () => {
    const g = times(gradient, scale);
    const part = builder.add("Sub", [g, averaged(builder, g, axes)]);
    const along = times(normal, averaged(builder, times(g, normal), axes));
    return times(builder.add("Sub", [part, along]), inverse);
  };
  return [
    context.wants(0) ? byInput() : undefined,
    context.wants(1) ? unbroadcast(builder, times(gradient, normal), builder.shapeOf(scale)) : undefined,
    bias !== undefined && context.wants(2) ? unbroadcast(builder, gradient, builder.shapeOf(bias)) : undefined,
  ];
};

function normalized(builder: GraphBuilder, input: string, axes: readonly number[], epsilon: number) {
  const centred = builder.add("Sub", [input, averaged(builder, input, axes)]);
  const variance = averaged(builder, builder.add("Mul", [centred, centred]), axes);
  const safe = builder.add("Add", [variance, builder.constant(floatScalar(epsilon))]);
  const inverse = builder.add("Reciprocal", [builder.add("Sqrt", [safe])]);
  return { normal: builder.add("Mul", [centred, inverse]), inverse };
}

function averaged(builder: GraphBuilder, value: string, axes: readonly number[]): string {
  return builder.add("ReduceMean", [value], { attributes: { axes: attribute.ints(axes) } });
}
