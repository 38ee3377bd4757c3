import { floatAttribute } from "../../graph/graph.ts";
import { floatScalar } from "../../graph/tensor.ts";
import { type OpsetAdapter, standardNode, withoutAttributes } from "../opset-adapter.ts";

const defaultRatio = 0.5;

/** Dropout of 10: the mask is bool, where it was of the value's own type. */
export const raiseDropoutMask: OpsetAdapter = {
  ops: ["Dropout"],
  opset: 10,
  adapt(node, context) {
    const [output, mask] = node.outputs;
    if (mask === undefined || mask === "") return [node];
    const asBool = context.freshName(`${mask}_bool`);
    return [{ ...node, outputs: [output!, asBool] }, standardNode("CastLike", [asBool, node.inputs[0]!], [mask])];
  },
};

/** Dropout of 12: the ratio comes as an input; without `training_mode` nothing is dropped, as before. */
export const raiseDropoutRatio: OpsetAdapter = {
  ops: ["Dropout"],
  opset: 12,
  adapt(node, context) {
    const ratio = context.constant("ratio", floatScalar(floatAttribute(node, "ratio", defaultRatio)));
    return [{ ...withoutAttributes(node, "ratio"), inputs: [node.inputs[0]!, ratio] }];
  },
};
