import { type Attribute, type Graph, isGraphOutput, type Node } from "../graph/graph.ts";
import { floatTensor, int64Tensor, type Tensor } from "../graph/tensor.ts";
import { editGraph } from "./graph-edit.ts";
import type { Pass } from "./pass.ts";

/** Makes the value of each Constant node an initializer, which is where other passes look for constants. */
export const liftConstants: Pass = {
  name: "lift-constants",
  apply(graph) {
    const initializers = new Map<string, Tensor>();
    const replaced = new Map<Node, readonly Node[]>();
    for (const node of graph.nodes) {
      const tensor = node.op === "Constant" && node.domain === "" ? constantOf(graph, node) : undefined;
      if (tensor === undefined) continue;
      initializers.set(node.outputs[0]!, tensor);
      replaced.set(node, []);
    }
    return editGraph(graph, { replaced, initializers });
  },
};

function constantOf(graph: Graph, node: Node): Tensor | undefined {
  if (isGraphOutput(graph, node.outputs[0]!)) return undefined;
  const [attribute, ...others] = Object.values(node.attributes);
  return attribute === undefined || others.length > 0 ? undefined : tensorOf(attribute);
}

/** What a Constant's attribute holds; strings and sparse tensors stay in their node. */
function tensorOf(attribute: Attribute): Tensor | undefined {
  switch (attribute.kind) {
    case "tensor":
      return attribute.value;
    case "float":
      return floatTensor([attribute.value], []);
    case "floats":
      return floatTensor(attribute.value);
    case "int":
      return int64Tensor([attribute.value], []);
    case "ints":
      return int64Tensor(attribute.value);
    default:
      return undefined;
  }
}
