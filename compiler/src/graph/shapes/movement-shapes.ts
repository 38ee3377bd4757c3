import { dataTypeOf } from "../data-type.ts";
import { type Dimension, intAttribute, intsAttribute } from "../graph.ts";
import { floatsOf, integersOf } from "../tensor.ts";
import { broadcastShapes, positiveAxis, ranked, type ShapeContext, type ShapeRule } from "./shape-rule.ts";

/** Reshape with a constant target: 0 copies a size, −1 is what is left where all other sizes are numbers. */
export const reshapeShape: ShapeRule = (context) => {
  const input = ranked(context, 0);
  const target = integers(context, 1);
  if (input === undefined || target === undefined) return [undefined];
  const isCopying = intAttribute(context.node, "allowzero", 0) === 0;
  const copied: Dimension[] = target.map((size, axis) => (size === 0 && isCopying ? input.shape[axis]! : size));
  return [{ dtype: input.dtype, shape: copied.map((size) => (size === -1 ? remainder(input.shape, copied) : size)) }];
};

/** Flatten: [product before axis, product from axis on]. */
export const flattenShape: ShapeRule = (context) => {
  const input = ranked(context, 0);
  if (input === undefined) return [undefined];
  const axis = positiveAxis(intAttribute(context.node, "axis", 1), input.shape.length);
  return [{ dtype: input.dtype, shape: [product(input.shape.slice(0, axis)), product(input.shape.slice(axis))] }];
};

/** Transpose by `perm`, reversed when absent. */
export const transposeShape: ShapeRule = (context) => {
  const input = ranked(context, 0);
  if (input === undefined) return [undefined];
  const order = intsAttribute(
    context.node,
    "perm",
    input.shape.map((_, axis) => input.shape.length - 1 - axis),
  );
  return [{ dtype: input.dtype, shape: order.map((axis) => input.shape[axis]!) }];
};

/** Concat along `axis`. */
export const concatShape: ShapeRule = (context) => {
  const inputs = context.inputs.map((_, index) => ranked(context, index));
  const [first] = inputs;
  if (first === undefined || inputs.includes(undefined)) return [undefined];
  const axis = positiveAxis(intAttribute(context.node, "axis", 0), first.shape.length);
  const sizes = inputs.map((input) => input?.shape[axis] ?? 0);
  const total = sizes.every((size) => typeof size === "number")
    ? sizes.reduce((sum, size) => sum + size, 0)
    : sizes.join("+");
  return [{ dtype: first.dtype, shape: first.shape.map((size, at) => (at === axis ? total : size)) }];
};

/** Split along `axis` by named or constant sizes, or evenly with a smaller last part. */
export const splitShape: ShapeRule = (context) => {
  const input = ranked(context, 0);
  if (input === undefined) return [undefined];
  const axis = positiveAxis(intAttribute(context.node, "axis", 0), input.shape.length);
  const named = context.node.attributes.split && intsAttribute(context.node, "split", []);
  const even = () => evenParts(input.shape[axis]!, context.node.outputs.length);
  const sizes = isGiven(context, 1) ? integers(context, 1) : (named ?? even());
  return context.node.outputs.map((_, index) => {
    return sizes && { dtype: input.dtype, shape: input.shape.map((size, at) => (at === axis ? sizes[index]! : size)) };
  });
};

function evenParts(size: Dimension, count: number): readonly number[] | undefined {
  if (typeof size !== "number") return undefined;
  const part = Math.ceil(size / count);
  return Array.from({ length: count }, (_, index) => Math.min(part, size - index * part));
}

/** Slice with constant bounds (opset 10 and later). */
export const sliceShape: ShapeRule = (context) => {
  const input = ranked(context, 0);
  const starts = integers(context, 1);
  const ends = integers(context, 2);
  if (input === undefined || starts === undefined || ends === undefined) return [undefined];
  const axes = isGiven(context, 3) ? integers(context, 3) : [...starts.keys()];
  const steps = isGiven(context, 4) ? integers(context, 4) : starts.map(() => 1);
  if (axes === undefined || steps === undefined) return [undefined];
  const shape = [...input.shape];
  for (const [index, axis] of axes.entries()) {
    const at = positiveAxis(axis, shape.length);
    shape[at] = slicedSize(shape[at]!, starts[index]!, ends[index]!, steps[index]!);
  }
  return [{ dtype: input.dtype, shape }];
};

/** Pad with constant amounts, for every axis or for the named ones. */
export const padShape: ShapeRule = (context) => {
  const input = ranked(context, 0);
  const pads = integers(context, 1);
  const named = isGiven(context, 3) ? integers(context, 3) : input?.shape.map((_, axis) => axis);
  if (input === undefined || pads === undefined || named === undefined) return [undefined];
  const shape = [...input.shape];
  for (const [index, axis] of named.entries()) {
    const at = positiveAxis(axis, shape.length);
    shape[at] = added(shape[at]!, pads[index]! + pads[index + named.length]!);
  }
  return [{ dtype: input.dtype, shape }];
};

/** Expand to a constant shape, by broadcasting. */
export const expandShape: ShapeRule = (context) => {
  const input = ranked(context, 0);
  const target = integers(context, 1);
  if (input === undefined || target === undefined) return [undefined];
  return [{ dtype: input.dtype, shape: broadcastShapes(input.shape, target, context.node) }];
};

/** Unsqueeze: sizes of 1 at the given axes of the result. */
export const unsqueezeShape: ShapeRule = (context) => {
  const input = ranked(context, 0);
  const axes = axesOf(context);
  if (input === undefined || axes === undefined || axes === "none") return [undefined];
  const rank = input.shape.length + axes.length;
  const at = new Set(axes.map((axis) => positiveAxis(axis, rank)));
  const sizes = [...input.shape];
  return [
    { dtype: input.dtype, shape: Array.from({ length: rank }, (_, axis) => (at.has(axis) ? 1 : sizes.shift()!)) },
  ];
};

/** Squeeze: without the given axes, or without every size of 1. */
export const squeezeShape: ShapeRule = (context) => {
  const input = ranked(context, 0);
  const named = axesOf(context);
  if (input === undefined || named === undefined) return [undefined];
  const axes = named === "none" ? named : named.map((axis) => positiveAxis(axis, input.shape.length));
  const shape = input.shape.filter((size, axis) => (axes === "none" ? size !== 1 : !axes.includes(axis)));
  return [{ dtype: input.dtype, shape }];
};

/** Reductions: the axes become 1 or vanish; none named means all, unless the node says that it means nothing. */
export const reduceShape: ShapeRule = (context) => {
  const input = ranked(context, 0);
  const named = axesOf(context);
  if (input === undefined || named === undefined) return [undefined];
  const isEmpty = named === "none" || named.length === 0;
  if (isEmpty && intAttribute(context.node, "noop_with_empty_axes", 0) === 1) return [input];
  const axes = new Set(isEmpty ? input.shape.keys() : named.map((axis) => positiveAxis(axis, input.shape.length)));
  const keep = intAttribute(context.node, "keepdims", 1) === 1;
  const shape = input.shape.flatMap((size, axis) => (axes.has(axis) ? (keep ? [1] : []) : [size]));
  return [{ dtype: input.dtype, shape }];
};

/** Gather along `axis`. */
export const gatherShape: ShapeRule = (context) => {
  const input = ranked(context, 0);
  const indices = ranked(context, 1);
  if (input === undefined || indices === undefined) return [undefined];
  const axis = positiveAxis(intAttribute(context.node, "axis", 0), input.shape.length);
  return [
    { dtype: input.dtype, shape: [...input.shape.slice(0, axis), ...indices.shape, ...input.shape.slice(axis + 1)] },
  ];
};

/** Resize to constant sizes or by constant scales for every axis (opset 11 and later). */
export const resizeShape: ShapeRule = (context) => {
  const input = ranked(context, 0);
  const { axes, keep_aspect_ratio_policy: policy } = context.node.attributes;
  if (input === undefined || context.opset < 11 || axes !== undefined || policy !== undefined) return [undefined];
  const sizes = integers(context, 3);
  if (sizes !== undefined && sizes.length > 0) return [{ dtype: input.dtype, shape: sizes }];
  const scales = context.constant(2);
  if (scales?.dtype !== "float32" || scales.bytes.length === 0) return [undefined];
  const factors = floatsOf(scales);
  const shape = input.shape.map((size, axis) => scaledSize(size, factors[axis]!));
  return [{ dtype: input.dtype, shape }];
};

/** Cast: the shape stays, the type is `to`. */
export const castShape: ShapeRule = (context) => {
  const input = context.inputs[0];
  return [input && { dtype: dataTypeOf(intAttribute(context.node, "to", 0)), shape: input.shape }];
};

/** Constant is read by value. */
export const constantShape: ShapeRule = ({ node }) => {
  const value = node.attributes.value;
  return [value?.kind === "tensor" ? { dtype: value.value.dtype, shape: value.value.shape } : undefined];
};

/** The axes of a node, from its attribute or its second input: `none` when it names none, undefined when unknown. */
export function axesOf(context: ShapeContext): readonly number[] | "none" | undefined {
  if (context.node.attributes.axes !== undefined) return intsAttribute(context.node, "axes", []);
  return isGiven(context, 1) ? integers(context, 1) : "none";
}

function isGiven(context: ShapeContext, index: number): boolean {
  return (context.node.inputs[index] ?? "") !== "";
}

/** The integers behind an input, when it is a constant. */
export function integers(context: ShapeContext, index: number): readonly number[] | undefined {
  const tensor = context.constant(index);
  return tensor && integersOf(tensor);
}

function remainder(input: readonly Dimension[], target: readonly Dimension[]): Dimension {
  const named = input.filter((size) => typeof size === "string");
  const kept = target.filter((size) => typeof size === "string");
  const rest = numbers(input) / numbers(target.filter((size) => size !== -1));
  if (named.length === kept.length) return rest;
  return rest === 1 && named.length === 1 ? named[0]! : [...named, rest].join("*");
}

function product(shape: readonly Dimension[]): Dimension {
  const named = shape.filter((size) => typeof size === "string");
  const size = numbers(shape);
  if (named.length === 0) return size;
  return size === 1 && named.length === 1 ? named[0]! : [...named, size].join("*");
}

function numbers(shape: readonly Dimension[]): number {
  return shape.reduce<number>((total, size) => (typeof size === "number" ? total * size : total), 1);
}

/** How many elements a slice of one axis takes. */
export function slicedSize(size: Dimension, start: number, end: number, step: number): Dimension {
  if (typeof size === "string")
    return start === 0 && end >= Number.MAX_SAFE_INTEGER && step === 1 ? size : `${size}[${start}:${end}:${step}]`;
  const low = step > 0 ? 0 : -1;
  const high = step > 0 ? size : size - 1;
  const clamp = (bound: number) => Math.min(high, Math.max(low, bound < 0 ? bound + size : bound));
  return Math.max(0, Math.ceil((clamp(end) - clamp(start)) / step));
}

function scaledSize(size: Dimension, factor: number): Dimension {
  if (typeof size === "number") return Math.floor(size * factor);
  return factor === 1 ? size : `floor(${size}*${factor})`;
}

function added(size: Dimension, amount: number): Dimension {
  if (typeof size === "number") return size + amount;
  return amount === 0 ? size : `${size}+${amount}`;
}
