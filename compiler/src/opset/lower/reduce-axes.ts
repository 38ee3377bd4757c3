import { attribute, intAttribute } from "../../graph/graph.ts";
import { integersOf } from "../../graph/tensor.ts";
import { type OpsetAdapter, withoutAttributes } from "../opset-adapter.ts";

/** Reductions of 18 take their axes as an input; before, as an attribute, and none meant all. */
export const lowerReduceAxes: OpsetAdapter = {
  ops: [
    "ReduceL1",
    "ReduceL2",
    "ReduceLogSum",
    "ReduceLogSumExp",
    "ReduceMax",
    "ReduceMean",
    "ReduceMin",
    "ReduceProd",
    "ReduceSumSquare",
  ],
  opset: 18,
  adapt(node, context) {
    const [input, name = ""] = node.inputs;
    const axes = context.constantOf(name);
    if (name !== "" && axes === undefined) return { because: "its axes are computed" };
    const values = axes === undefined ? [] : integersOf(axes);
    const earlier = { ...withoutAttributes(node, "noop_with_empty_axes"), inputs: [input!] };
    if (values.length > 0) return [{ ...earlier, attributes: { ...earlier.attributes, axes: attribute.ints(values) } }];
    if (intAttribute(node, "noop_with_empty_axes", 0) === 1) return { because: "it reduces no axis" };
    return [earlier];
  },
};
