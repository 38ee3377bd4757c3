import { intAttribute } from "../../graph/graph.ts";
import { type OpsetAdapter, withoutAttributes } from "../opset-adapter.ts";

/** BatchNormalization of 9: statistics are always per channel. */
export const raiseBatchNormSpatial: OpsetAdapter = {
  ops: ["BatchNormalization"],
  opset: 9,
  adapt(node) {
    if (intAttribute(node, "spatial", 1) === 1) return [withoutAttributes(node, "spatial")];
    return { because: "it keeps statistics per position (spatial = 0), which no later opset does" };
  },
};

/** BatchNormalization of 14: training is said by an attribute, where it was said by taking more outputs. */
export const raiseBatchNormTraining: OpsetAdapter = {
  ops: ["BatchNormalization"],
  opset: 14,
  adapt(node) {
    const [output, ...statistics] = node.outputs;
    if (statistics.every((name) => name === "")) return [{ ...node, outputs: [output!] }];
    return { because: "it gives training statistics, whose meaning changed; export the model for inference" };
  },
};
