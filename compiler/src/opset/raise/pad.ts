import { floatAttribute, intsAttribute } from "../../graph/graph.ts";
import { int64Tensor } from "../../graph/tensor.ts";
import { type OpsetAdapter, withoutAttributes } from "../opset-adapter.ts";
import { scalarLike } from "./scalar-like.ts";

/** Pad of 11: amounts and the value that fills come as inputs. */
export const raisePad: OpsetAdapter = {
  ops: ["Pad"],
  opset: 11,
  adapt(node, context) {
    const [data] = node.inputs;
    const pads = context.constant("pads", int64Tensor(intsAttribute(node, "pads", [])));
    const value = floatAttribute(node, "value", 0);
    const padded = withoutAttributes(node, "pads", "value");
    if (value === 0) return [{ ...padded, inputs: [data!, pads] }];
    const fill = scalarLike(value, "fill", data!, context);
    return [...fill.nodes, { ...padded, inputs: [data!, pads, fill.name] }];
  },
};
