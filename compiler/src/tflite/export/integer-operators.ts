import { type Graph, intAttribute, intsAttribute, type Node, typeOf } from "../../graph/graph.ts";
import { integersOf } from "../../graph/tensor.ts";
import { quantizableOperator } from "../../quantize/quantizable-operators.ts";
import { activationOf } from "./fused-activation.ts";

/**
 * How an operator's integer output relates to its inputs: a range of its `own`, the `same` scale as its inputs because values
 * only move or are chosen, or a scale that TFLite fixes.
 */
export type OutputScale =
  | { readonly kind: "own" }
  | { readonly kind: "same" }
  | { readonly kind: "fixed"; readonly scale: number; readonly zeroPoint: number };

/** How one ONNX operator runs on TFLite's int8. */
export interface IntegerOperator {
  readonly output: OutputScale;
  /** Positions of the inputs that carry activations or constants with a scale. */
  readonly data: readonly number[];
  readonly isWeighted: boolean;
}

type IntegerRule = (graph: Graph, node: Node) => OutputScale | undefined;

const own = { kind: "own" } as const;
const same = { kind: "same" } as const;
const shares = { kind: "fixed", scale: 1 / 256, zeroPoint: -128 } as const;
const signedShares = { kind: "fixed", scale: 1 / 128, zeroPoint: 0 } as const;

/** Every operator without weights that runs on integers, one line each. */
const rules: Readonly<Record<string, IntegerRule>> = {
  Add: () => own,
  AveragePool: () => same,
  Clip: (graph, node) => (activationOf(graph, node) === undefined ? undefined : own),
  Concat: () => same,
  Flatten: () => same,
  GlobalAveragePool: () => own,
  MaxPool: () => same,
  GlobalMaxPool: () => same,
  Identity: () => same,
  Mul: () => own,
  Pad: (graph, node) => (padsWithZero(graph, node) ? same : undefined),
  ReduceMean: (graph, node) => (meansPlanes(graph, node) ? own : undefined),
  Relu: () => own,
  Reshape: () => same,
  Sigmoid: () => shares,
  Softmax: () => shares,
  Squeeze: () => same,
  Sub: () => own,
  Tanh: () => signedShares,
  Transpose: () => same,
  Unsqueeze: () => same,
};

const twoSided = ["Add", "Sub", "Mul"];

/** The integer form of a node, or undefined where it has none. */
export function integerOperator(graph: Graph, node: Node): IntegerOperator | undefined {
  if (node.domain !== "") return undefined;
  if (isWeighted(graph, node)) return { output: own, data: [0], isWeighted: true };
  const output = rules[node.op]?.(graph, node);
  if (output === undefined) return undefined;
  const data = node.op === "Concat" ? node.inputs.map((_, index) => index) : twoSided.includes(node.op) ? [0, 1] : [0];
  return { output, data, isWeighted: false };
}

function isWeighted(graph: Graph, node: Node): boolean {
  if (quantizableOperator(graph, node)?.weight === undefined) return false;
  const rank = typeOf(graph, node.inputs[0]!)?.shape?.length;
  return node.op === "Conv" ? rank === 4 : rank === 2;
}

/** The axes that a reduction names, from its attribute or from a constant input. */
export function reducedAxes(graph: Graph, node: Node): readonly number[] {
  const rank = typeOf(graph, node.inputs[0]!)?.shape?.length ?? 0;
  const constant = graph.initializers.get(node.inputs[1] ?? "");
  const axes = constant === undefined ? intsAttribute(node, "axes", []) : integersOf(constant);
  const all = Array.from({ length: rank }, (_, axis) => axis);
  return axes.length === 0 ? all : axes.map((axis) => (axis < 0 ? axis + rank : axis)).toSorted((a, b) => a - b);
}

/** Whether a ReduceMean takes the mean over height and width of planes. */
export function meansPlanes(graph: Graph, node: Node): boolean {
  return typeOf(graph, node.inputs[0]!)?.shape?.length === 4 && reducedAxes(graph, node).join() === "2,3";
}

/** Whether a reduction keeps its axes with size 1. */
export function keepsAxes(node: Node): boolean {
  return intAttribute(node, "keepdims", 1) === 1;
}

function padsWithZero(graph: Graph, node: Node): boolean {
  const value = graph.initializers.get(node.inputs[2] ?? "");
  return value === undefined ? !node.inputs[2] : value.bytes.every((byte) => byte === 0);
}
