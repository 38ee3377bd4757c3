import type { Node } from "../graph/graph.ts";
import { editGraph, freshNames } from "./graph-edit.ts";
import type { Pass } from "./pass.ts";

/** Writes Sum of two and more values as Adds from the left, which integer targets know. */
export const addInsteadOfSum: Pass = {
  name: "add-instead-of-sum",
  apply(graph) {
    const fresh = freshNames(graph);
    const sums = graph.nodes.filter(({ op, domain, inputs }) => op === "Sum" && domain === "" && inputs.length > 1);
    return editGraph(graph, { replaced: new Map(sums.map((sum) => [sum, adds(sum, fresh)])) });
  },
};

function adds(sum: Node, fresh: (wish: string) => string): Node[] {
  const output = sum.outputs[0]!;
  const [first, ...others] = sum.inputs;
  let total = first!;
  return others.map((other, index) => {
    const inputs = [total, other];
    total = index === others.length - 1 ? output : fresh(`${output}_part`);
    return { ...sum, op: "Add", name: "", inputs, outputs: [total] };
  });
}
