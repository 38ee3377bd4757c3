import type { Graph, Node } from "../graph/graph.ts";
import type { Pass } from "./pass.ts";

/** Removes nodes, constants and type notes that no output depends on. Inputs stay: they are the graph's contract. */
export const removeUnused: Pass = {
  name: "remove-unused",
  apply(graph) {
    const needed = new Set(graph.outputs.map((output) => output.name));
    const kept: Node[] = [];
    for (const node of graph.nodes.toReversed()) {
      if (!node.outputs.some((output) => needed.has(output)) && !hasSubgraph(node)) continue;
      for (const input of node.inputs) needed.add(input);
      kept.push(node);
    }
    if (kept.some(hasSubgraph)) return { ...graph, nodes: kept.toReversed() };
    return {
      ...graph,
      nodes: kept.toReversed(),
      initializers: new Map([...graph.initializers].filter(([name]) => needed.has(name))),
      types: new Map([...graph.types].filter(([name]) => needed.has(name))),
    };
  },
};

const graphAttributeTypes = [5, 10];

/** Whether a node carries a graph of its own (If, Loop, Scan), which may read outer values by name. */
export function hasSubgraph(node: Node): boolean {
  return Object.values(node.attributes).some(
    (attribute) => attribute.kind === "other" && graphAttributeTypes.includes(Number(attribute.value.type)),
  );
}

/** Whether any node of a graph carries a graph of its own. */
export function hasSubgraphs(graph: Graph): boolean {
  return graph.nodes.some(hasSubgraph);
}
