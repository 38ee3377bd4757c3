import { attribute } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import { floatScalar, int64Tensor } from "../graph/tensor.ts";

/**
 * Softmax cross-entropy of logits [B, C] against target distributions [B, C], weighted per sample [B]:
 * Σ wᵢ·CEᵢ / max(1, Σ wᵢ), so that a head learns at the same rate however few of the batch carry its label.
 */
export function addCrossEntropy(
  builder: GraphBuilder,
  logits: string,
  targets: string,
  weights: string,
  output: string,
): string {
  const logProbabilities = builder.add("LogSoftmax", [logits], { attributes: { axis: attribute.int(1) } });
  const perSample = summedTo(builder, builder.add("Mul", [targets, logProbabilities]), [1]);
  const total = summedTo(builder, builder.add("Mul", [perSample, weights]), [0]);
  const weight = builder.add("Max", [summedTo(builder, weights, [0]), builder.constant(floatScalar(1))]);
  return builder.add("Neg", [builder.add("Div", [total, weight])], { outputs: [output] });
}

function summedTo(builder: GraphBuilder, value: string, axes: readonly number[]): string {
  const attributes = { keepdims: attribute.int(0) };
  return builder.add("ReduceSum", [value, builder.constant(int64Tensor(axes))], { attributes });
}
