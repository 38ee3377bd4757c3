import { attribute, stringAttribute } from "../../graph/graph.ts";
import { floatsOf } from "../../graph/tensor.ts";
import type { OpsetAdapter } from "../opset-adapter.ts";

/**
 * Resize of 11 says how coordinates map; before, they were x / scale. "nearest" took the sample below when it enlarges and,
 * in ONNX Runtime, the one above when it shrinks.
 */
export const raiseResize: OpsetAdapter = {
  ops: ["Resize"],
  opset: 11,
  adapt(node, context) {
    const [input, scales] = node.inputs;
    const isNearest = stringAttribute(node, "mode", "nearest") === "nearest";
    const known = isNearest ? roundingOf(context.constantOf(scales)) : "floor";
    // What was an Upsample says it already.
    const rounding = stringAttribute(node, "nearest_mode", known ?? "");
    if (rounding === "") {
      return { because: 'it takes "nearest" samples and its scales are not known or both above and below 1' };
    }
    const asymmetric = {
      coordinate_transformation_mode: attribute.string("asymmetric"),
      nearest_mode: attribute.string(rounding),
    };
    return [{ ...node, inputs: [input!, "", scales!], attributes: { ...node.attributes, ...asymmetric } }];
  },
};

function roundingOf(scales: Parameters<typeof floatsOf>[0] | undefined): "floor" | "ceil" | undefined {
  if (scales?.dtype !== "float32") return undefined;
  const factors = floatsOf(scales);
  if (factors.every((factor) => factor >= 1)) return "floor";
  return factors.every((factor) => factor <= 1) ? "ceil" : undefined;
}
