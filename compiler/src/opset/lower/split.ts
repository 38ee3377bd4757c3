import { intAttribute } from "../../graph/graph.ts";
import { positiveAxis } from "../../graph/shapes/shape-rule.ts";
import { int64Tensor } from "../../graph/tensor.ts";
import { type OpsetAdapter, withoutAttributes } from "../opset-adapter.ts";

/** Split of 18 may give a smaller last part; before, parts were equal or listed. */
export const lowerSplit: OpsetAdapter = {
  ops: ["Split"],
  opset: 18,
  adapt(node, context) {
    const earlier = withoutAttributes(node, "num_outputs");
    const count = intAttribute(node, "num_outputs", 0);
    if (count === 0) return [earlier];
    if (count !== node.outputs.length) return { because: `it has ${node.outputs.length} outputs and says ${count}` };
    const shape = context.typeOf(node.inputs[0]!)?.shape;
    const size = shape?.[positiveAxis(intAttribute(node, "axis", 0), shape.length)];
    if (typeof size !== "number") return { because: "the size of the axis that it splits is not known" };
    const part = Math.ceil(size / count);
    const parts = Array.from({ length: count }, (_, index) => Math.max(0, Math.min(part, size - index * part)));
    return [{ ...earlier, inputs: [node.inputs[0]!, context.constant("split", int64Tensor(parts))] }];
  },
};
