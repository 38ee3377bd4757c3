import { attribute, intAttribute, intsAttribute, stringAttribute } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import { positiveAxis } from "../graph/shapes/shape-rule.ts";
import { elementCount, floatTensor, int64Tensor } from "../graph/tensor.ts";
import { type GradientRule, noRule, outputGradient, reshaped, transposed, unbroadcast } from "./gradient-rule.ts";

/** Identity. */
export const identityGradient: GradientRule = (context) => [outputGradient(context)];

/** Flatten, Reshape, Squeeze and Unsqueeze: the gradient in the input's shape. */
export const reshapeGradient: GradientRule = (context) => [
  reshaped(context.builder, outputGradient(context), context.builder.shapeOf(context.node.inputs[0]!)),
];

/** Transpose: the inverse order. */
export const transposeGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const rank = builder.shapeOf(node.inputs[0]!).length;
  const order = intsAttribute(node, "perm", [...Array(rank).keys()].reverse());
  const inverse = order.map((_, axis) => order.indexOf(axis));
  return [transposed(builder, outputGradient(context), inverse)];
};

/** Expand: summed over the axes that were broadcast. */
export const expandGradient: GradientRule = (context) => [
  unbroadcast(context.builder, outputGradient(context), context.builder.shapeOf(context.node.inputs[0]!)),
];

/** Concat: each input's part of the gradient. */
export const concatGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const rank = builder.shapeOf(node.outputs[0]!).length;
  const axis = positiveAxis(intAttribute(node, "axis", 0), rank);
  const gradient = outputGradient(context);
  let start = 0;
  return node.inputs.map((input, index) => {
    const end = start + builder.shapeOf(input)[axis]!;
    const bounds = [[start], [end], [axis]].map((values) => builder.constant(int64Tensor(values)));
    start = end;
    return context.wants(index) ? builder.add("Slice", [gradient, ...bounds]) : undefined;
  });
};

/** Split: the parts' gradients side by side, zeros for a part that nothing reads. */
export const splitGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const rank = builder.shapeOf(node.inputs[0]!).length;
  const axis = positiveAxis(intAttribute(node, "axis", 0), rank);
  const parts = node.outputs.map((output, index) => context.gradientOf(index) ?? zeros(builder, output));
  return [builder.add("Concat", parts, { attributes: { axis: attribute.int(axis) } })];
};

/** Slice: the gradient at the places that were taken, zeros elsewhere. */
export const sliceGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const shape = builder.shapeOf(node.inputs[0]!);
  const starts = builder.constantIntegers(node.inputs[1]);
  if (starts === undefined) throw noRule(node, "constant starts", "they are computed");
  const axes = builder.constantIntegers(node.inputs[3]) ?? [...starts.keys()];
  const steps = builder.constantIntegers(node.inputs[4]) ?? starts.map(() => 1);
  const gradient = axes.reduce((value, axis, index) => {
    const place = positiveAxis(axis, shape.length);
    return placedAlong(builder, value, {
      axis: place,
      size: shape[place]!,
      start: starts[index]!,
      step: steps[index]!,
    });
  }, outputGradient(context));
  return [gradient];
};

/** Pad with a constant: the gradient of what was inside. */
export const padGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const pads = builder.constantIntegers(node.inputs[1]);
  const isConstant = stringAttribute(node, "mode", "constant") === "constant";
  if (pads === undefined || !isConstant || pads.some((size) => size < 0) || node.inputs[3]) {
    throw noRule(node, "constant padding of known sizes on all axes", "it pads in another way");
  }
  const shape = builder.shapeOf(node.inputs[0]!);
  const bounds = [
    shape.map((_, axis) => pads[axis]!),
    shape.map((size, axis) => pads[axis]! + size),
    [...shape.keys()],
  ];
  const constants = bounds.map((values) => builder.constant(int64Tensor(values)));
  return [builder.add("Slice", [outputGradient(context), ...constants])];
};

/** Gather: every gradient added to the place that was read, also where one place was read often. */
export const gatherGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const [input, indices] = node.inputs as [string, string];
  const shape = builder.shapeOf(input);
  const axis = positiveAxis(intAttribute(node, "axis", 0), shape.length);
  const read = builder.shapeOf(indices);
  const gradient = outputGradient(context);
  // The axes that the indices brought come first, then what ScatterND takes as one row each.
  const rank = builder.shapeOf(gradient).length;
  const brought = [...read.keys()].map((each) => axis + each);
  const rest = [...Array(rank).keys()].filter((each) => !brought.includes(each));
  const rows = rank === 0 ? gradient : transposed(builder, gradient, [...brought, ...rest]);
  const others = shape.filter((_, each) => each !== axis);
  const places = builder.add("Cast", [reshaped(builder, indices, [...read, 1])], {
    attributes: { to: attribute.int(7) },
  });
  const empty = builder.constant(zeroTensor([shape[axis]!, ...others]));
  const summedRows = builder.add("ScatterND", [empty, places, rows], {
    attributes: { reduction: attribute.string("add") },
  });
  const back = shape.map((_, each) => (each === axis ? 0 : each < axis ? each + 1 : each));
  return [transposed(builder, summedRows, back), undefined];
};

interface Placing {
  readonly axis: number;
  readonly size: number;
  readonly start: number;
  readonly step: number;
}

/** The adjoint of one axis of a Slice: spreads a value by the step, then pads it to the size it was taken from. */
function placedAlong(builder: GraphBuilder, value: string, { axis, size, start, step }: Placing): string {
  const count = builder.shapeOf(value)[axis]!;
  const first = Math.min(Math.max(start < 0 ? start + size : start, 0), step < 0 ? size - 1 : size);
  const lowest = step < 0 ? first + (count - 1) * step : first;
  const ordered = step < 0 ? reversed(builder, value, axis) : value;
  const spreadOut = spreadBy(builder, ordered, axis, Math.abs(step));
  return padded(builder, spreadOut, axis, lowest, size - lowest - builder.shapeOf(spreadOut)[axis]!);
}

function reversed(builder: GraphBuilder, value: string, axis: number): string {
  const bounds = [[-1], [Number.MIN_SAFE_INTEGER], [axis], [-1]].map((values) => builder.constant(int64Tensor(values)));
  return builder.add("Slice", [value, ...bounds]);
}

/** Puts step − 1 zeros between neighbours along an axis. */
function spreadBy(builder: GraphBuilder, value: string, axis: number, step: number): string {
  const shape = builder.shapeOf(value);
  if (step === 1 || shape[axis]! <= 1) return value;
  const apart = reshaped(builder, value, [...shape.slice(0, axis + 1), 1, ...shape.slice(axis + 1)]);
  const wide = padded(builder, apart, axis + 1, 0, step - 1);
  const joined = reshaped(
    builder,
    wide,
    shape.map((size, each) => (each === axis ? size * step : size)),
  );
  return padded(builder, joined, axis, 0, 1 - step);
}

/** Zeros before and after along one axis; a negative number takes away. */
function padded(builder: GraphBuilder, value: string, axis: number, before: number, after: number): string {
  if (before === 0 && after === 0) return value;
  const rank = builder.shapeOf(value).length;
  const pads = Array.from({ length: 2 * rank }, (_, index) =>
    index === axis ? before : index === rank + axis ? after : 0,
  );
  return builder.add("Pad", [value, builder.constant(int64Tensor(pads))]);
}

function zeros(builder: GraphBuilder, like: string): string {
  return builder.constant(zeroTensor(builder.shapeOf(like)));
}

function zeroTensor(shape: readonly number[]) {
  return floatTensor(new Float32Array(elementCount(shape)), shape);
}
