import { consumers, type Graph, isGraphOutput, type Node } from "../graph/graph.ts";

/**
 * Turns MaxPool(Relu(x)) into Relu(MaxPool(x)), the same values with a quarter of the work for 2 × 2 windows, forward
 * and backward. Only where nothing else reads the Relu.
 */
export function moveReluBehindMaxPool(graph: Graph): Graph {
  const readers = consumers(graph);
  const moved = new Map<Node, Node>();
  for (const relu of graph.nodes) {
    const [output] = relu.outputs as [string];
    const [pool, ...others] = readers.get(output) ?? [];
    if (relu.op !== "Relu" || pool?.op !== "MaxPool" || others.length > 0) continue;
    if (isGraphOutput(graph, output) || pool.outputs.length > 1) continue;
    moved.set(relu, { ...pool, inputs: relu.inputs, outputs: relu.outputs });
    moved.set(pool, { ...relu, inputs: relu.outputs, outputs: pool.outputs });
  }
  return { ...graph, nodes: graph.nodes.map((node) => moved.get(node) ?? node) };
}
