import type { DataType } from "../../graph/data-type.ts";
import { intAttribute, type Node } from "../../graph/graph.ts";
import { type AdapterContext, type NotAdaptable, type OpsetAdapter, withoutAttributes } from "../opset-adapter.ts";

const newAttributes = ["saturate", "block_size", "output_dtype", "precision"];
const earlierIntegers: readonly (DataType | undefined)[] = ["uint8", "int8", "int32"];

/**
 * QuantizeLinear and DequantizeLinear of 19, 21 and 23 learnt half floats, 16-bit integers and blocks. What scales by
 * float32 and counts in 8 bits, or reads int32, is what it was.
 */
export const lowerQuantize: readonly OpsetAdapter[] = [19, 21, 23].map((opset) => ({
  ops: ["QuantizeLinear", "DequantizeLinear"],
  opset,
  adapt: lowered,
}));

function lowered(node: Node, context: AdapterContext): readonly Node[] | NotAdaptable {
  const [value, scale, zeroPoint = ""] = node.inputs;
  const typeOf = (name: string) => context.typeOf(name)?.dtype;
  const isBlocked = ["block_size", "output_dtype", "precision"].some((name) => intAttribute(node, name, 0) !== 0);
  const isQuantizing = node.op === "QuantizeLinear";
  const integer = zeroPoint === "" ? (isQuantizing ? "uint8" : typeOf(value!)) : typeOf(zeroPoint);
  const isFloat = typeOf(scale!) === "float32" && (!isQuantizing || typeOf(value!) === "float32");
  if (!isBlocked && isFloat && earlierIntegers.includes(integer)) return [withoutAttributes(node, ...newAttributes)];
  return { because: "its types or blocks came after opset 17" };
}
