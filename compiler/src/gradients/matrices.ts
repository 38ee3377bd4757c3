import { attribute, floatAttribute, intAttribute } from "../graph/graph.ts";
import { floatScalar } from "../graph/tensor.ts";
import { type GradientRule, noRule, outputGradient, transposed, unbroadcast } from "./gradient-rule.ts";

/** Gemm Y = α·A′·B′ + β·C, where ′ is the transposition that the node names. */
export const gemmGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const [left, right, added] = node.inputs as [string, string, string | undefined];
  const transposeLeft = intAttribute(node, "transA", 0);
  const transposeRight = intAttribute(node, "transB", 0);
  const alpha = attribute.float(floatAttribute(node, "alpha", 1));
  const gradient = outputGradient(context);
  const product = (a: string, b: string, transA: number, transB: number) =>
    builder.add("Gemm", [a, b], {
      attributes: { alpha, transA: attribute.int(transA), transB: attribute.int(transB) },
    });
  const byLeft = () =>
    transposeLeft === 1 ? product(right, gradient, transposeRight, 1) : product(gradient, right, 0, 1 - transposeRight);
  const byRight = () =>
    transposeRight === 1 ? product(gradient, left, 1, transposeLeft) : product(left, gradient, 1 - transposeLeft, 0);
  const byAdded = () => {
    const beta = builder.constant(floatScalar(floatAttribute(node, "beta", 1)));
    return builder.add("Mul", [unbroadcast(builder, gradient, builder.shapeOf(added!)), beta]);
  };
  return [
    context.wants(0) ? byLeft() : undefined,
    context.wants(1) ? byRight() : undefined,
    context.wants(2) ? byAdded() : undefined,
  ];
};

/** MatMul of matrices or stacks of them: dA = dY·Bᵀ, dB = Aᵀ·dY, summed over stacks that were broadcast. */
export const matMulGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const [left, right] = node.inputs as [string, string];
  const ranks = [left, right].map((value) => builder.shapeOf(value).length);
  if (ranks.includes(1)) throw noRule(node, "matrices", "one of its inputs is a vector");
  const gradient = outputGradient(context);
  const turned = (value: string) => {
    const rank = builder.shapeOf(value).length;
    return transposed(
      builder,
      value,
      [...Array(rank).keys()].map((axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis)),
    );
  };
  const byLeft = () => unbroadcast(builder, builder.add("MatMul", [gradient, turned(right)]), builder.shapeOf(left));
  const byRight = () => unbroadcast(builder, builder.add("MatMul", [turned(left), gradient]), builder.shapeOf(right));
  return [context.wants(0) ? byLeft() : undefined, context.wants(1) ? byRight() : undefined];
};
