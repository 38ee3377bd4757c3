import type { Node } from "../../graph/graph.ts";
import { floatScalar } from "../../graph/tensor.ts";
import { type AdapterContext, standardNode } from "../opset-adapter.ts";

/** A scalar of a value's element type: a float32 constant, and the node that casts it where the value is of another type. */
export function scalarLike(
  value: number,
  hint: string,
  like: string,
  context: AdapterContext,
): { readonly name: string; readonly nodes: readonly Node[] } {
  const float = context.constant(hint, floatScalar(value));
  if (context.typeOf(like)?.dtype === "float32") return { name: float, nodes: [] };
  const name = context.freshName(`${hint}_cast`);
  return { name, nodes: [standardNode("CastLike", [float, like], [name])] };
}
