import { attribute, floatAttribute } from "../../graph/graph.ts";
import { floatScalar, type Tensor } from "../../graph/tensor.ts";
import { type OpsetAdapter, standardNode, withoutAttributes } from "../opset-adapter.ts";

const defaultRatio = 0.5;
const noBit: Tensor = { dtype: "bool", shape: [1], bytes: Uint8Array.of(0) };

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

/**
 * Dropout of 12: the ratio comes as an input; without `training_mode` nothing is dropped, as before. Its mask would be all
 * true, where the mask of an inference had no meaning and ONNX Runtime gave all false: that is what stays.
 */
export const raiseDropoutRatio: OpsetAdapter = {
  ops: ["Dropout"],
  opset: 12,
  adapt(node, context) {
    const [input] = node.inputs;
    const [output, mask = ""] = node.outputs;
    const ratio = context.constant("ratio", floatScalar(floatAttribute(node, "ratio", defaultRatio)));
    const raised = { ...withoutAttributes(node, "ratio"), inputs: [input!, ratio], outputs: [output!] };
    if (mask === "") return [raised];
    const shape = context.freshName(`${mask}_shape`);
    return [
      raised,
      standardNode("Shape", [input!], [shape]),
      standardNode("ConstantOfShape", [shape], [mask], { value: attribute.tensor(noBit) }),
    ];
  },
};
