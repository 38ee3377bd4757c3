import { consumers, floatAttribute, type Graph, intAttribute, isGraphOutput, type Node } from "../graph/graph.ts";
import { floatsOf, floatTensor, type Tensor } from "../graph/tensor.ts";
import { editGraph, freshNames } from "./graph-edit.ts";
import type { Pass } from "./pass.ts";

const defaultEpsilon = 1e-5;

/**
 * Folds a BatchNormalization that alone reads a convolution into that convolution's weights and bias.
 * w' = w · γ/√(σ² + ε), b' = (b − μ) · γ/√(σ² + ε) + β, computed in double precision
 */
export const foldBatchNormIntoConv: Pass = {
  name: "fold-batch-norm-into-conv",
  apply(graph) {
    const fresh = freshNames(graph);
    const initializers = new Map<string, Tensor>();
    const replaced = new Map<Node, readonly Node[]>();
    for (const { conv, norm } of foldablePairs(graph)) {
      const weightName = fresh(`${conv.inputs[1]}_folded`);
      const biasName = fresh(`${conv.outputs[0]}_bias`);
      const folded = fold(graph, conv, norm);
      initializers.set(weightName, folded.weight).set(biasName, folded.bias);
      replaced.set(conv, []);
      replaced.set(norm, [{ ...conv, inputs: [conv.inputs[0]!, weightName, biasName], outputs: [norm.outputs[0]!] }]);
    }
    return editGraph(graph, { replaced, initializers });
  },
};

function foldablePairs(graph: Graph): { readonly conv: Node; readonly norm: Node }[] {
  const readers = consumers(graph);
  return graph.nodes.flatMap((conv) => {
    if (conv.op !== "Conv" || conv.domain !== "") return [];
    const output = conv.outputs[0]!;
    const [norm, ...others] = readers.get(output) ?? [];
    const isAlone = others.length === 0 && !isGraphOutput(graph, output);
    return norm !== undefined && isAlone && isFixedNorm(graph, norm, output) && areConstant(graph, conv.inputs.slice(1))
      ? [{ conv, norm }]
      : [];
  });
}

function isFixedNorm(graph: Graph, node: Node, input: string): boolean {
  const isNorm = node.op === "BatchNormalization" && node.domain === "" && node.inputs[0] === input;
  const isInference = intAttribute(node, "training_mode", 0) === 0 && node.outputs.length === 1;
  return isNorm && isInference && areConstant(graph, node.inputs.slice(1));
}

function areConstant(graph: Graph, names: readonly string[]): boolean {
  return names.every((name) => name === "" || graph.initializers.get(name)?.dtype === "float32");
}

function fold(graph: Graph, conv: Node, norm: Node): { readonly weight: Tensor; readonly bias: Tensor } {
  const [gamma, beta, mean, variance] = norm.inputs.slice(1).map((name) => floatsOf(graph.initializers.get(name)!));
  const weight = graph.initializers.get(conv.inputs[1]!)!;
  const oldBias = conv.inputs[2] ? floatsOf(graph.initializers.get(conv.inputs[2])!) : undefined;
  const epsilon = floatAttribute(norm, "epsilon", defaultEpsilon);
  const factors = Float64Array.from(gamma!, (value, channel) => value / Math.sqrt(variance![channel]! + epsilon));
  const scaled = scaledByChannel(floatsOf(weight), factors);
  const bias = Float32Array.from(factors, (factor, channel) => {
    return ((oldBias?.[channel] ?? 0) - mean![channel]!) * factor + beta![channel]!;
  });
  return { weight: floatTensor(scaled, weight.shape), bias: floatTensor(bias) };
}

function scaledByChannel(weights: Float32Array, factors: Float64Array): Float32Array {
  const scaled = new Float32Array(weights.length);
  const perChannel = weights.length / factors.length;
  for (let channel = 0, index = 0; channel < factors.length; channel++) {
    const factor = factors[channel]!;
    for (const end = index + perChannel; index < end; index++) scaled[index] = weights[index]! * factor;
  }
  return scaled;
}
