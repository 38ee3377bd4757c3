import type { Graph } from "../graph/graph.ts";
import type { Pass } from "./pass.ts";
import { hasSubgraphs } from "./remove-unused.ts";

/**
 * Gives inner values the shortest names, in order of appearance, and drops node names, type notes, comments and operator
 * sets that nothing uses. Names of inputs and outputs stay. A graph with inner graphs stays as it is.
 */
export const minimiseNames: Pass = {
  name: "minimise-names",
  apply(graph) {
    if (hasSubgraphs(graph)) return graph;
    const names = shortNames(graph);
    const rename = (name: string) => names.get(name) ?? name;
    const domains = new Set(["", ...graph.nodes.map((node) => node.domain)]);
    return {
      ...graph,
      name: "g",
      nodes: graph.nodes.map((node) => ({
        ...node,
        name: "",
        inputs: node.inputs.map(rename),
        outputs: node.outputs.map(rename),
      })),
      initializers: new Map([...graph.initializers].map(([name, tensor]) => [rename(name), tensor])),
      types: new Map(),
      opsets: new Map([...graph.opsets].filter(([domain]) => domains.has(domain))),
      rest: {},
    };
  },
};

function shortNames(graph: Graph): ReadonlyMap<string, string> {
  const fixed = new Set(["", ...[...graph.inputs, ...graph.outputs].map((value) => value.name)]);
  const names = new Map<string, string>();
  let next = 0;
  for (const name of graph.nodes.flatMap((node) => [...node.inputs, ...node.outputs])) {
    if (fixed.has(name) || names.has(name)) continue;
    while (fixed.has(next.toString(36))) next += 1;
    names.set(name, next.toString(36));
    next += 1;
  }
  return names;
}
