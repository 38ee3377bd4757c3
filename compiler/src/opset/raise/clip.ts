import { type OpsetAdapter, trimmedInputs, withoutAttributes } from "../opset-adapter.ts";
import { scalarLike } from "./scalar-like.ts";

/** Clip of 11: the bounds come as inputs of the value's own type. */
export const raiseClip: OpsetAdapter = {
  ops: ["Clip"],
  opset: 11,
  adapt(node, context) {
    const bounds = ["min", "max"].map((name) => {
      const bound = node.attributes[name];
      return bound?.kind === "float" ? scalarLike(bound.value, name, node.inputs[0]!, context) : undefined;
    });
    const inputs = trimmedInputs([node.inputs[0]!, ...bounds.map((bound) => bound?.name ?? "")]);
    return [...bounds.flatMap((bound) => bound?.nodes ?? []), { ...withoutAttributes(node, "min", "max"), inputs }];
  },
};
