import { consumers, type Graph, isGraphOutput, type Node } from "../graph/graph.ts";
import { elementCount, floatsOf, floatTensor, type Tensor } from "../graph/tensor.ts";
import { editGraph, freshNames } from "./graph-edit.ts";
import type { Pass } from "./pass.ts";

/** Folds a multiplication by one constant, read by convolutions alone, into the weights of those convolutions. */
export const foldScaleIntoConv: Pass = {
  name: "fold-scale-into-conv",
  apply(graph) {
    const readers = consumers(graph);
    const fresh = freshNames(graph);
    const initializers = new Map<string, Tensor>();
    const replaced = new Map<Node, readonly Node[]>();
    for (const mul of graph.nodes) {
      const convs = readers.get(mul.outputs[0] ?? "") ?? [];
      const factor = scalarFactor(graph, mul);
      if (factor === undefined || !areFoldable(graph, mul, convs)) continue;
      replaced.set(mul, []);
      for (const conv of convs) {
        const weightName = fresh(`${conv.inputs[1]}_scaled`);
        initializers.set(weightName, scaled(graph.initializers.get(conv.inputs[1]!)!, factor));
        const inputs = [mul.inputs[0]!, weightName, ...conv.inputs.slice(2)];
        replaced.set(conv, [{ ...conv, inputs }]);
      }
    }
    return editGraph(graph, { replaced, initializers });
  },
};

function scalarFactor(graph: Graph, mul: Node): number | undefined {
  const constant = mul.op === "Mul" && mul.domain === "" ? graph.initializers.get(mul.inputs[1]!) : undefined;
  return constant?.dtype === "float32" && elementCount(constant.shape) === 1 ? floatsOf(constant)[0] : undefined;
}

function areFoldable(graph: Graph, mul: Node, convs: readonly Node[]): boolean {
  const output = mul.outputs[0]!;
  const isFoldable = (conv: Node) =>
    conv.op === "Conv" && conv.inputs[0] === output && graph.initializers.get(conv.inputs[1]!)?.dtype === "float32";
  return convs.length > 0 && !isGraphOutput(graph, output) && convs.every(isFoldable);
}

function scaled(weight: Tensor, factor: number): Tensor {
  return floatTensor(
    floatsOf(weight).map((value) => value * factor),
    weight.shape,
  );
}
