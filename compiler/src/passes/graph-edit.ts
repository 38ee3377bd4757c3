import type { Graph, Node } from "../graph/graph.ts";
import type { Tensor } from "../graph/tensor.ts";

/** What changes in a graph: nodes replaced one by one (by none or several), initializers set. */
export interface GraphEdit {
  /** The nodes that stand in a node's place; a node that is absent stays. */
  readonly replaced?: ReadonlyMap<Node, readonly Node[]>;
  readonly initializers?: ReadonlyMap<string, Tensor>;
}

/** Applies an edit; order of nodes is kept. */
export function editGraph(graph: Graph, edit: GraphEdit): Graph {
  return {
    ...graph,
    nodes: graph.nodes.flatMap((node) => edit.replaced?.get(node) ?? [node]),
    initializers: new Map([...graph.initializers, ...(edit.initializers ?? [])]),
  };
}

/** Lets every node read other values in place of some; graph outputs keep their names. */
export function renameReads(nodes: readonly Node[], names: ReadonlyMap<string, string>): Node[] {
  return nodes.map((node) => ({ ...node, inputs: node.inputs.map((input) => names.get(input) ?? input) }));
}

/** Names that no value of the graph has yet: the wish itself, or the wish with a number. */
export function freshNames(graph: Graph): (wish: string) => string {
  const taken = new Set([
    ...graph.inputs.map((input) => input.name),
    ...graph.initializers.keys(),
    ...graph.nodes.flatMap((node) => node.outputs),
  ]);
  return (wish) => {
    let name = wish;
    for (let number = 2; taken.has(name); number += 1) name = `${wish}_${number}`;
    taken.add(name);
    return name;
  };
}
