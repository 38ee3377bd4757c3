import { floatAttribute, type Graph, intAttribute, type Node } from "../graph/graph.ts";

/** How one operator runs on integers. */
export interface QuantizableOperator {
  readonly op: string;
  /** Positions of the inputs that carry activations. */
  readonly data: readonly number[];
  /** Where the constant weights are and along which of their axes channels lie. */
  readonly weight?: { readonly position: number; readonly axis: (node: Node) => number };
  readonly biasPosition?: number;
  /** Whether the output has a range of its own, or keeps the input's scale because values only move or are chosen. */
  readonly outputScale: "own" | "input";
  /** Further conditions on the node. */
  readonly suits?: (graph: Graph, node: Node) => boolean;
}

/** What onnxruntime's CPU kernels run on integers, one line each. */
export const quantizableOperators: readonly QuantizableOperator[] = [
  { op: "Conv", data: [0], weight: { position: 1, axis: () => 0 }, biasPosition: 2, outputScale: "own" },
  {
    op: "Gemm",
    data: [0],
    weight: { position: 1, axis: gemmAxis },
    biasPosition: 2,
    outputScale: "own",
    suits: isPlainGemm,
  },
  { op: "MatMul", data: [0], weight: { position: 1, axis: () => 1 }, outputScale: "own" },
  { op: "Add", data: [0, 1], outputScale: "own", suits: addsActivations },
  { op: "GlobalAveragePool", data: [0], outputScale: "own" },
  { op: "AveragePool", data: [0], outputScale: "own" },
  { op: "MaxPool", data: [0], outputScale: "input", suits: (_, node) => node.outputs.length === 1 },
  { op: "Flatten", data: [0], outputScale: "input" },
  { op: "Reshape", data: [0], outputScale: "input" },
  { op: "Squeeze", data: [0], outputScale: "input" },
  { op: "Transpose", data: [0], outputScale: "input" },
];

/** Activations that onnxruntime merges into the rescaling of the operator before them. */
export const fusedActivations: readonly string[] = ["Relu", "Clip"];

/** The integer form of a node, or undefined where it has none. */
export function quantizableOperator(graph: Graph, node: Node): QuantizableOperator | undefined {
  const found = node.domain === "" ? quantizableOperators.find(({ op }) => op === node.op) : undefined;
  if (found === undefined || found.suits?.(graph, node) === false) return undefined;
  return found.weight === undefined || hasFloatWeight(graph, node, found.weight.position) ? found : undefined;
}

function hasFloatWeight(graph: Graph, node: Node, position: number): boolean {
  const weight = graph.initializers.get(node.inputs[position] ?? "");
  return weight?.dtype === "float32" && (node.op === "Conv" || weight.shape.length === 2);
}

function gemmAxis(node: Node): number {
  return intAttribute(node, "transB", 0) === 1 ? 0 : 1;
}

function isPlainGemm(graph: Graph, node: Node): boolean {
  const isUnscaled = floatAttribute(node, "alpha", 1) === 1 && floatAttribute(node, "beta", 1) === 1;
  const bias = node.inputs[2];
  return isUnscaled && intAttribute(node, "transA", 0) === 0 && (!bias || graph.initializers.has(bias));
}

function addsActivations(graph: Graph, node: Node): boolean {
  return node.inputs.every((input) => !graph.initializers.has(input));
}
