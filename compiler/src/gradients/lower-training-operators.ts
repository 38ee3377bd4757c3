import { attribute, floatAttribute, type Graph, intAttribute, type Node, stringAttribute } from "../graph/graph.ts";
import { GraphBuilder } from "../graph/graph-builder.ts";
import { positiveAxis } from "../graph/shapes/shape-rule.ts";
import { floatScalar } from "../graph/tensor.ts";
import type { ExecutionProvider } from "./execution-provider.ts";

type Lowering = (builder: GraphBuilder, node: Node) => void;

/** Operators that an execution provider lacks, and how each is said in operators that it has. */
const lowerings: Readonly<Record<ExecutionProvider, Readonly<Record<string, Lowering>>>> = {
  cpu: { BatchNormalization: lowerBatchNormalization, Gelu: lowerGelu },
  webgpu: { BatchNormalization: lowerBatchNormalization, Gelu: lowerGelu, LogSoftmax: lowerLogSoftmax },
  cuda: { BatchNormalization: lowerBatchNormalization, Gelu: lowerGelu },
};

/**
 * Rewrites what inference engines do not run in training: batch normalization by the batch's own statistics
 * everywhere, Gelu, which opset 17 does not have, and LogSoftmax on WebGPU, where it would fall back to the CPU.
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

/** ½x(1 + erf(x/√2)), or ½x(1 + tanh(√(2/π)(x + 0.044715x³))). */
function lowerGelu(builder: GraphBuilder, node: Node): void {
  const [input] = node.inputs as [string];
  const scalar = (value: number) => builder.constant(floatScalar(value));
  const times = (left: string, right: string) => builder.add("Mul", [left, right]);
  const byTanh = () => {
    const root = Math.sqrt(2 / Math.PI);
    const slope = builder.add("Add", [times(times(input, input), scalar(0.044715 * root)), scalar(root)]);
    return builder.add("Tanh", [times(input, slope)]);
  };
  const isTanh = stringAttribute(node, "approximate", "none") === "tanh";
  const share = isTanh ? byTanh() : builder.add("Erf", [times(input, scalar(Math.SQRT1_2))]);
  const half = times(input, scalar(0.5));
  builder.add("Mul", [half, builder.add("Add", [share, scalar(1)])], { outputs: node.outputs });
}
