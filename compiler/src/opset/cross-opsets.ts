import type { Graph, Node } from "../graph/graph.ts";
import { typeOf } from "../graph/graph.ts";
import type { Tensor } from "../graph/tensor.ts";
import { freshNames } from "../passes/graph-edit.ts";
import { operatorHistory } from "./operator-history.ts";
import type { AdapterContext, NotAdaptable, OpsetAdapter } from "./opset-adapter.ts";

/** A way from one opset to another, over every change between them. */
export interface Crossing {
  readonly from: number;
  readonly to: number;
  readonly adapters: readonly OpsetAdapter[];
}

/** Every standard node written for the opset `to`, with the constants that this took; or the first that cannot be. */
export function crossOpsets(graph: Graph, crossing: Crossing): Graph | (NotAdaptable & { readonly node: Node }) {
  const initializers = new Map(graph.initializers);
  const context = contextOf(graph, initializers);
  const nodes: Node[] = [];
  for (const node of graph.nodes) {
    const crossed = node.domain === "" ? crossNode(node, crossing, context) : [node];
    if ("because" in crossed) return { node, because: crossed.because };
    nodes.push(...crossed);
  }
  return { ...graph, nodes, initializers, opsets: new Map([...graph.opsets, ["", crossing.to]]) };
}

function crossNode(node: Node, crossing: Crossing, context: AdapterContext): readonly Node[] | NotAdaptable {
  const history = operatorHistory[node.op];
  if (history === undefined) return { because: "ONNX has no operator of that name" };
  const isRaising = crossing.from < crossing.to;
  if (history.since > (isRaising ? crossing.from : crossing.to)) {
    return { because: `ONNX has that operator from opset ${history.since} on` };
  }
  const change = nextChange(history.changed ?? [], crossing);
  if (change === undefined) return [node];
  const adapter = crossing.adapters.find(({ ops, opset }) => opset === change && ops.includes(node.op));
  if (adapter === undefined) return { because: `opset ${change} changed it in a way that is not bridged` };
  const adapted = adapter.adapt(node, context);
  if ("because" in adapted) return adapted;
  return crossAll(adapted, { ...crossing, from: isRaising ? change : change - 1 }, context);
}

/** What an adapter made is in the form that holds where it left off; operators that came later are in their only form. */
function crossAll(nodes: readonly Node[], crossing: Crossing, context: AdapterContext): readonly Node[] | NotAdaptable {
  const all: Node[] = [];
  for (const node of nodes) {
    const isLater = (operatorHistory[node.op]?.since ?? 0) > crossing.from;
    const crossed = isLater ? [node] : crossNode(node, crossing, context);
    if ("because" in crossed) return crossed;
    all.push(...crossed);
  }
  return all;
}

function nextChange(changes: readonly number[], { from, to }: Crossing): number | undefined {
  if (from < to) return changes.find((change) => change > from && change <= to);
  return changes.findLast((change) => change <= from && change > to);
}

function contextOf(graph: Graph, initializers: Map<string, Tensor>): AdapterContext {
  const freshName = freshNames(graph);
  return {
    freshName,
    typeOf: (name) => typeOf(graph, name),
    constantOf: (name) => (name === undefined ? undefined : initializers.get(name)),
    constant(hint, tensor) {
      const name = freshName(hint);
      initializers.set(name, tensor);
      return name;
    },
  };
}
