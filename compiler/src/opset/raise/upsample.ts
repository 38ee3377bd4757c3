import { attribute } from "../../graph/graph.ts";
import { floatTensor } from "../../graph/tensor.ts";
import { type OpsetAdapter, withoutAttributes } from "../opset-adapter.ts";

/** Upsample of 9: scales come as an input. */
export const raiseUpsampleScales: OpsetAdapter = {
  ops: ["Upsample"],
  opset: 9,
  adapt(node, context) {
    const scales = node.attributes.scales;
    if (scales?.kind !== "floats") return { because: 'it has no attribute "scales"' };
    const name = context.constant("scales", floatTensor(scales.value));
    return [{ ...withoutAttributes(node, "scales"), inputs: [node.inputs[0]!, name] }];
  },
};

/** Opset 10 calls it Resize. Upsample only enlarges, so that "nearest" always took the sample below. */
export const raiseUpsampleToResize: OpsetAdapter = {
  ops: ["Upsample"],
  opset: 10,
  adapt: (node) => [
    { ...node, op: "Resize", attributes: { ...node.attributes, nearest_mode: attribute.string("floor") } },
  ],
};
