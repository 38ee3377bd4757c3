import { CompilerError } from "../errors.ts";
import { attribute, type Node } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import { int64Tensor } from "../graph/tensor.ts";

/** What a gradient rule works with. */
export interface GradientContext {
  readonly builder: GraphBuilder;
  readonly node: Node;
  /** Gradient of the loss by an output of the node, undefined where nothing flows back. */
  gradientOf(output: number): string | undefined;
  /** Whether the gradient by this input is wanted. */
  wants(input: number): boolean;
}

/** Adds the nodes of a gradient and gives one value name per input, undefined where none flows back. */
export type GradientRule = (context: GradientContext) => readonly (string | undefined)[];

/** The gradient by the first output, for operators that have only one that matters. */
export function outputGradient(context: GradientContext): string {
  const gradient = context.gradientOf(0);
  if (gradient !== undefined) return gradient;
  throw noRule(context.node, "a gradient by its first output", "one of its other outputs is used");
}

/** The error for a form of an operator that no rule covers. */
export function noRule(node: Node, expected: string, instead: string): CompilerError {
  return new CompilerError(
    "no-gradient-rule",
    `Cannot derive ${node.op} making "${node.outputs[0]}": expected ${expected}, but ${instead}; freeze what lies before it or use another layer.`,
  );
}

/** Transposes a value. */
export function transposed(builder: GraphBuilder, value: string, order: readonly number[]): string {
  return builder.add("Transpose", [value], { attributes: { perm: attribute.ints(order) } });
}

/** Gives a value another shape with as many elements. */
export function reshaped(builder: GraphBuilder, value: string, shape: readonly number[]): string {
  return builder.add("Reshape", [value, builder.constant(int64Tensor(shape))]);
}

/** Sums over axes. */
export function summed(builder: GraphBuilder, value: string, axes: readonly number[], keepAxes = true): string {
  return builder.add("ReduceSum", [value, builder.constant(int64Tensor(axes))], {
    attributes: { keepdims: attribute.int(keepAxes ? 1 : 0) },
  });
}

/** Sums a gradient over the axes along which an operand was broadcast, giving the operand's shape. */
export function unbroadcast(builder: GraphBuilder, gradient: string, shape: readonly number[]): string {
  const full = builder.shapeOf(gradient);
  const extra = full.length - shape.length;
  const axes = full.flatMap((size, axis) => (axis < extra || (shape[axis - extra] === 1 && size !== 1) ? [axis] : []));
  const reduced = axes.length === 0 ? gradient : summed(builder, gradient, axes);
  return extra === 0 ? reduced : reshaped(builder, reduced, shape);
}
