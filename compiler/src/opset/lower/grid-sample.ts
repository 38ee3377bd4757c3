import { attribute, stringAttribute } from "../../graph/graph.ts";
import type { OpsetAdapter } from "../opset-adapter.ts";

const earlierWords: Readonly<Record<string, string>> = { linear: "bilinear", cubic: "bicubic", nearest: "nearest" };

/** GridSample of 20 also takes volumes and has shorter words for its modes. */
export const lowerGridSample: OpsetAdapter = {
  ops: ["GridSample"],
  opset: 20,
  adapt(node, context) {
    const mode = earlierWords[stringAttribute(node, "mode", "linear")];
    if (mode === undefined) return { because: "its mode is not known" };
    if (context.typeOf(node.inputs[0]!)?.shape?.length !== 4) return { because: "its input may be no image" };
    return [{ ...node, attributes: { ...node.attributes, mode: attribute.string(mode) } }];
  },
};
