import { attribute } from "../../graph/graph.ts";
import type { OpsetAdapter } from "../opset-adapter.ts";

/** RoiAlign of 16 shifts regions by half a pixel unless it is told not to, as it never did before. */
export const raiseRoiAlign: OpsetAdapter = {
  ops: ["RoiAlign"],
  opset: 16,
  adapt(node) {
    const unshifted = { coordinate_transformation_mode: attribute.string("output_half_pixel") };
    return [{ ...node, attributes: { ...node.attributes, ...unshifted } }];
  },
};
