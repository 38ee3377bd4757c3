import { CompilerError } from "../../errors.ts";
import type { Dimension, Node, ValueType } from "../graph.ts";
import type { Tensor } from "../tensor.ts";

/** What a shape rule may look at: the node, what is known of its inputs, and constants. */
export interface ShapeContext {
  readonly node: Node;
  readonly inputs: readonly (ValueType | undefined)[];
  readonly opset: number;
  /** The tensor behind an input, when it is a constant. */
  constant(index: number): Tensor | undefined;
}

/** Gives the type of each output, undefined where it cannot be known. */
export type ShapeRule = (context: ShapeContext) => readonly (ValueType | undefined)[];

/** Type of an input with a known shape, or undefined. */
export function ranked(
  context: ShapeContext,
  index: number,
): { dtype: ValueType["dtype"]; shape: readonly Dimension[] } | undefined {
  const type = context.inputs[index];
  return type?.shape === undefined ? undefined : { dtype: type.dtype, shape: type.shape };
}

/** The shape that two shapes broadcast to; a symbolic size yields to a number other than 1, two make a third. */
export function broadcastShapes(
  left: readonly Dimension[],
  right: readonly Dimension[],
  node: Node,
): readonly Dimension[] {
  const rank = Math.max(left.length, right.length);
  return Array.from({ length: rank }, (_, axis) => {
    const one = left[axis - rank + left.length] ?? 1;
    const other = right[axis - rank + right.length] ?? 1;
    return broadcastDimension(one, other, node, axis);
  });
}

/** A negative axis counted from the end. */
export function positiveAxis(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/** The error for a node whose inputs do not fit each other. */
export function shapeMismatch(node: Node, expected: string, instead: string): CompilerError {
  return new CompilerError(
    "shape-mismatch",
    `Cannot type ${node.op} making "${node.outputs[0]}": expected ${expected}, but ${instead} came; check the shapes before it.`,
  );
}

function broadcastDimension(left: Dimension, right: Dimension, node: Node, axis: number): Dimension {
  if (left === right || right === 1) return left;
  if (left === 1) return right;
  if (typeof left === "string" && typeof right === "string") return `broadcast(${left},${right})`;
  if (typeof left === "string") return right;
  if (typeof right === "string") return left;
  throw shapeMismatch(node, `sizes that broadcast on axis ${axis}`, `${left} and ${right}`);
}
