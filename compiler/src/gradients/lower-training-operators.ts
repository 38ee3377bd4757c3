import { attribute, floatAttribute, type Graph, intAttribute, type Node } from "../graph/graph.ts";
import { GraphBuilder } from "../graph/graph-builder.ts";
import { positiveAxis } from "../graph/shapes/shape-rule.ts";
import { floatScalar } from "../graph/tensor.ts";
import type { ExecutionProvider } from "./execution-provider.ts";

type Lowering = (builder: GraphBuilder, node: Node) => void;

/** Operators that an execution provider lacks, and how each is said in operators that it has. */
const lowerings: Readonly<Record<ExecutionProvider, Readonly<Record<string, Lowering>>>> = {
  cpu: { BatchNormalization: lowerBatchNormalization },
  webgpu: { BatchNormalization: lowerBatchNormalization, LogSoftmax: lowerLogSoftmax },
  cuda: { BatchNormalization: lowerBatchNormalization },
};

/**
 * Rewrites what inference engines do not run in training: batch normalization by the batch's own statistics
 * everywhere, and LogSoftmax on WebGPU, where it would fall back to the CPU.
 */
export function lowerTrainingOperators(graph: Graph, provider: ExecutionProvider): Graph {
  const table = lowerings[provider];
  const builder = GraphBuilder.from({ ...graph, nodes: [], outputs: [] });
  builder.reserve(graph.nodes.flatMap((node) => node.outputs));
  for (const node of graph.nodes) {
    const lowering = node.domain === "" ? table[node.op] : undefined;
    if (lowering === undefined) builder.append(node);
    else lowering(builder, node);
  }
  for (const output of graph.outputs) builder.output(output.name);
  return builder.build();
}

/**
 * Mean and (biased) variance of the batch, then the inference operator with them: one pass over the data instead of a
 * multiplication and an addition. The variance is E[x²] − E[x]², never below 0.
 */
function lowerBatchNormalization(builder: GraphBuilder, node: Node): void {
  if (intAttribute(node, "training_mode", 0) !== 1) {
    builder.append(node);
    return;
  }
  const [input, scale, bias] = node.inputs as [string, string, string];
  const [output, meanName, varianceName] = node.outputs as [string, string, string];
  const axes = builder.shapeOf(input).flatMap((_, axis) => (axis === 1 ? [] : [axis]));
  const attributes = { axes: attribute.ints(axes), keepdims: attribute.int(0) };
  const mean = builder.add("ReduceMean", [input], { attributes, outputs: [meanName] });
  const square = builder.add("ReduceMean", [builder.add("Mul", [input, input])], { attributes });
  const raw = builder.add("Sub", [square, builder.add("Mul", [mean, mean])]);
  const variance = builder.add("Max", [raw, builder.constant(floatScalar(0))], { outputs: [varianceName] });
  builder.add("BatchNormalization", [input, scale, bias, mean, variance], {
    outputs: [output],
    attributes: { epsilon: attribute.float(floatAttribute(node, "epsilon", 1e-5)) },
  });
}

/** x − max(x) − log Σ exp(x − max(x)). */
function lowerLogSoftmax(builder: GraphBuilder, node: Node): void {
  const [input] = node.inputs as [string];
  const axis = positiveAxis(intAttribute(node, "axis", -1), builder.shapeOf(input).length);
  const maximum = builder.add("ReduceMax", [input], { attributes: { axes: attribute.ints([axis]) } });
  const shifted = builder.add("Sub", [input, maximum]);
  const axes = { attributes: { axes: attribute.ints([axis]) } };
  const mean = builder.add("ReduceMean", [builder.add("Exp", [shifted])], axes);
  const count = builder.constant(floatScalar(builder.shapeOf(input)[axis]!));
  const total = builder.add("Log", [builder.add("Mul", [mean, count])]);
  builder.add("Sub", [shifted, total], { outputs: node.outputs });
}
