import { consumers, floatAttribute, type Graph, isGraphOutput, type Node } from "../../graph/graph.ts";
import { floatsOf } from "../../graph/tensor.ts";

/** TFLite's fused activations by the range that they keep. */
const byRange: Readonly<Record<string, number>> = { "0,Infinity": 1, "-1,1": 2, "0,6": 3 };
const fusing = ["Conv", "Gemm", "MatMul", "Add", "Sub", "Mul", "Div", "AveragePool", "MaxPool"];

/** The number of the TFLite activation that a node is, or undefined. */
export function activationOf(graph: Graph, node: Node): number | undefined {
  if (node.domain !== "") return undefined;
  if (node.op === "Relu") return 1;
  return node.op === "Clip" ? byRange[clipRange(graph, node)?.join() ?? ""] : undefined;
}

/** The constant bounds of a Clip, or undefined where one is computed. */
export function clipRange(graph: Graph, node: Node): readonly [number, number] | undefined {
  const bounds = [1, 2].map((position) => {
    const name = node.inputs[position] ?? "";
    const constant = graph.initializers.get(name);
    const isAbsent = name === "";
    if (!isAbsent && constant?.dtype !== "float32") return undefined;
    const fallback = position === 1 ? floatAttribute(node, "min", -Infinity) : floatAttribute(node, "max", Infinity);
    return isAbsent ? fallback : floatsOf(constant!)[0];
  });
  const [low, high] = bounds;
  if (low === undefined || high === undefined) return undefined;
  return [low < -3e38 ? -Infinity : low, high > 3e38 ? Infinity : high];
}

/** What each fusing node takes in: the activation that alone reads its output. */
export function fusedActivations(graph: Graph): ReadonlyMap<Node, Node> {
  const readers = consumers(graph);
  const fused = new Map<Node, Node>();
  for (const node of graph.nodes) {
    const output = node.outputs[0]!;
    const [reader, ...others] = readers.get(output) ?? [];
    if (reader === undefined || others.length > 0 || isGraphOutput(graph, output) || node.domain !== "") continue;
    if (fusing.includes(node.op) && activationOf(graph, reader) !== undefined) fused.set(node, reader);
  }
  return fused;
}
