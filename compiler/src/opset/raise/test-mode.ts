import { intAttribute } from "../../graph/graph.ts";
import { type OpsetAdapter, withoutAttributes } from "../opset-adapter.ts";

/** BatchNormalization and Dropout of 7 infer; before, they trained unless `is_test` was set. */
export const raiseTestMode: OpsetAdapter = {
  ops: ["BatchNormalization", "Dropout"],
  opset: 7,
  adapt(node) {
    if (intAttribute(node, "is_test", 0) === 1) return [withoutAttributes(node, "is_test")];
    return { because: "it trains (is_test = 0); export the model for inference" };
  },
};
