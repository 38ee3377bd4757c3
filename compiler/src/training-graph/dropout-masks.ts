import { floatAttribute, type Graph, type Node } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import { floatsOf } from "../graph/tensor.ts";

/** A Dropout's factor, which comes in with every step: 0 with probability `ratio`, else 1 / (1 − ratio). */
export interface DropoutMask {
  /** The step's input. */
  readonly name: string;
  readonly ratio: number;
  readonly shape: readonly number[];
}

const suffix = ".mask";
const defaultRatio = 0.5;

/**
 * Turns every Dropout into a product with a mask from outside, so that a run's randomness is its own and it can go on where it
 * stopped (Srivastava et al. 2014, scaled in training).
 */
export function withDropoutMasks(graph: Graph): {
  readonly graph: Graph;
  readonly masks: readonly Omit<DropoutMask, "shape">[];
} {
  const masks: Omit<DropoutMask, "shape">[] = [];
  const nodes = graph.nodes.map((node): Node => {
    if (node.op !== "Dropout" || node.domain !== "") return node;
    const name = `${node.outputs[0]}${suffix}`;
    masks.push({ name, ratio: ratioOf(graph, node) });
    return { ...node, op: "Mul", inputs: [node.inputs[0]!, name], outputs: node.outputs.slice(0, 1), attributes: {} };
  });
  return { graph: { ...graph, nodes }, masks };
}

/** Whether a node is the product that a Dropout was turned into. */
export function isMasked({ op, inputs, outputs }: Node): boolean {
  return op === "Mul" && inputs[1] === `${outputs[0]}${suffix}`;
}

/** Masks with the shapes that the step's inputs were given. */
export function shapedMasks(builder: GraphBuilder, masks: readonly Omit<DropoutMask, "shape">[]): DropoutMask[] {
  return masks.map((mask) => ({ ...mask, shape: builder.shapeOf(mask.name) }));
}

function ratioOf(graph: Graph, node: Node): number {
  const constant = graph.initializers.get(node.inputs[1] ?? "");
  return constant?.dtype === "float32" ? floatsOf(constant)[0]! : floatAttribute(node, "ratio", defaultRatio);
}
