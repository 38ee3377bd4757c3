import type { DataType } from "../../graph/data-type.ts";
import type { OpsetAdapter } from "../opset-adapter.ts";

/** Operators that learnt plain element types, and the ones that they knew before. */
const learnt: readonly (Pick<OpsetAdapter, "ops" | "opset"> & { readonly isEarlier: (type: DataType) => boolean })[] = [
  { ops: ["ReduceMax", "ReduceMin"], opset: 20, isEarlier: (type) => type !== "bool" },
  { ops: ["IsInf"], opset: 20, isEarlier: (type) => type === "float32" || type === "float64" },
];

/** ReduceMax, ReduceMin and IsInf of 20, where the input's type is known to be one that they took before. */
export const earlierTypes: readonly OpsetAdapter[] = learnt.map(({ ops, opset, isEarlier }) => ({
  ops,
  opset,
  adapt(node, context) {
    const dtype = context.typeOf(node.inputs[0]!)?.dtype;
    if (dtype !== undefined && isEarlier(dtype)) return [node];
    return { because: `its input is ${dtype ?? "of unknown type"}, which came with opset ${opset}` };
  },
}));
