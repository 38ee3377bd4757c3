import type { Attribute, Node } from "../../graph/graph.ts";
import { int64Tensor } from "../../graph/tensor.ts";
import { type AdapterContext, type OpsetAdapter, trimmedInputs, withoutAttributes } from "../opset-adapter.ts";

/** Operators whose integers were attributes and became int64 inputs, in the order of those inputs. */
const moved = [
  { op: "Slice", opset: 10, attributes: ["starts", "ends", "axes"] },
  { op: "TopK", opset: 10, attributes: ["k"] },
  { op: "ReduceSum", opset: 13, attributes: ["axes"] },
  { op: "Split", opset: 13, attributes: ["split"] },
  { op: "Squeeze", opset: 13, attributes: ["axes"] },
  { op: "Unsqueeze", opset: 13, attributes: ["axes"] },
] as const;

/** Slice and TopK of 10, ReduceSum, Split, Squeeze and Unsqueeze of 13: integers come as inputs. */
export const integersAsInputs: readonly OpsetAdapter[] = moved.map(({ op, opset, attributes }) => ({
  ops: [op],
  opset,
  adapt: (node, context) => [withInputs(node, attributes, context)],
}));

function withInputs(node: Node, attributes: readonly string[], context: AdapterContext): Node {
  const added = attributes.map((name) => {
    const values = integersOfAttribute(node.attributes[name]);
    return values === undefined ? "" : context.constant(name, int64Tensor(values));
  });
  return { ...withoutAttributes(node, ...attributes), inputs: trimmedInputs([...node.inputs, ...added]) };
}

function integersOfAttribute(attribute: Attribute | undefined): readonly (number | bigint)[] | undefined {
  if (attribute?.kind === "int") return [attribute.value];
  return attribute?.kind === "ints" ? attribute.value : undefined;
}
