import { positiveAxis } from "../../graph/shapes/shape-rule.ts";
import { int64Tensor, integersOf } from "../../graph/tensor.ts";
import { type OpsetAdapter, trimmedInputs } from "../opset-adapter.ts";

/** Pad of 18 may name the axes that its amounts are for; before, there was an amount for each. */
export const lowerPadAxes: OpsetAdapter = {
  ops: ["Pad"],
  opset: 18,
  adapt(node, context) {
    const [data, pads, value = "", axes = ""] = node.inputs;
    if (axes === "") return [{ ...node, inputs: trimmedInputs(node.inputs.slice(0, 3)) }];
    const rank = context.typeOf(data!)?.shape?.length;
    const named = context.constantOf(axes);
    const amounts = context.constantOf(pads);
    if (rank === undefined || named === undefined || amounts === undefined) {
      return { because: "its axes, its amounts or its input's rank are not known" };
    }
    const all = context.constant("pads", int64Tensor(spread(integersOf(amounts), integersOf(named), rank)));
    return [{ ...node, inputs: trimmedInputs([data!, all, value]) }];
  },
};

function spread(amounts: readonly number[], axes: readonly number[], rank: number): readonly number[] {
  const all = new Array<number>(2 * rank).fill(0);
  for (const [index, axis] of axes.entries()) {
    const at = positiveAxis(axis, rank);
    all[at] = amounts[index]!;
    all[at + rank] = amounts[index + axes.length]!;
  }
  return all;
}
