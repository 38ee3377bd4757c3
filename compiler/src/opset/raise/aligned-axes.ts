import { attribute, intAttribute, type Node } from "../../graph/graph.ts";
import { type AdapterContext, type OpsetAdapter, standardNode, withoutAttributes } from "../opset-adapter.ts";

const unknownRank = { because: "the ranks of its inputs, by which its axes align, are not known" };

/** Arithmetic, comparisons and Gemm of 7 broadcast from the last axis; before, `axis` said where the second input's begin. */
const raiseAxis: OpsetAdapter = {
  ops: ["Add", "And", "Div", "Equal", "Gemm", "Greater", "Less", "Mul", "Or", "Pow", "Sub", "Xor"],
  opset: 7,
  adapt(node, context) {
    const raised = withoutAttributes(node, "axis", "broadcast");
    const axis = intAttribute(node, "axis", -1);
    if (axis < 0) return [raised];
    const [left, right] = node.inputs.map((name) => context.typeOf(name)?.shape?.length);
    if (left === undefined || right === undefined) return unknownRank;
    return withTrailingOnes(raised, left - axis - right, right, context);
  },
};

/** PRelu of 7 broadcasts its slopes from the last axis; before, they were one a channel, or one for all. */
const raiseSlopes: OpsetAdapter = {
  ops: ["PRelu"],
  opset: 7,
  adapt(node, context) {
    const [input, slopes] = node.inputs.map((name) => context.typeOf(name)?.shape);
    if (input === undefined || slopes === undefined) return unknownRank;
    const isShared = slopes.every((size) => size === 1);
    return withTrailingOnes(node, isShared ? 0 : input.length - 2, slopes.length, context);
  },
};

/** Opset 7 aligns the axes of two inputs at the end. */
export const raiseAlignedAxes: readonly OpsetAdapter[] = [raiseAxis, raiseSlopes];

/** The node with its second input, of that rank, given sizes of 1 at the end. */
function withTrailingOnes(node: Node, count: number, rank: number, context: AdapterContext): readonly Node[] {
  if (count <= 0) return [node];
  const [left, right] = node.inputs;
  const aligned = context.freshName(`${right}_aligned`);
  const axes = Array.from({ length: count }, (_, index) => rank + index);
  return [
    standardNode("Unsqueeze", [right!], [aligned], { axes: attribute.ints(axes) }),
    { ...node, inputs: [left!, aligned] },
  ];
}
