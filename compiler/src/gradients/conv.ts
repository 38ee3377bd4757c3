import { attribute, intAttribute, type Node } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import { type Window, windowOf } from "../graph/shapes/window-shapes.ts";
import { int64Tensor } from "../graph/tensor.ts";
import { adjointConvolution } from "./adjoint-convolution.ts";
import { type GradientRule, noRule, outputGradient, reshaped, summed, transposed } from "./gradient-rule.ts";

/**
 * Conv over [N, C, H, W] in g groups: dX = ConvTranspose(dY, W), whose weight layout already fits; dW = columns(X) · dY for
 * each group, the columns being strided slices of the padded input; db = ΣdY.
 */
export const convGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const [input, weight] = node.inputs as [string, string];
  const weightShape = builder.shapeOf(weight);
  if (weightShape.length !== 4) throw noRule(node, "two spatial axes", `its weight has ${weightShape.length - 2}`);
  const size = builder.shapeOf(input).slice(2);
  const window = windowOf(node, weightShape.slice(2), size);
  const group = intAttribute(node, "group", 1);
  const gradient = outputGradient(context);
  return [
    context.wants(0) ? adjointConvolution(builder, gradient, weight, { size, window, group }) : undefined,
    context.wants(1) ? weightGradient(builder, node, gradient, window) : undefined,
    context.wants(2) ? summed(builder, gradient, [0, 2, 3], false) : undefined,
  ];
};

/** With t taps, c input and m output channels a group and p positions: [g, t·c, p] · [g, p, m]. */
function weightGradient(builder: GraphBuilder, node: Node, gradient: string, window: Window): string {
  const [input, weight] = node.inputs as [string, string];
  const [batch] = builder.shapeOf(input) as [number];
  const [outputs, channels] = builder.shapeOf(weight) as [number, number];
  const [, , height, width] = builder.shapeOf(gradient) as [number, number, number, number];
  const groups = intAttribute(node, "group", 1);
  const members = outputs / groups;
  const positions = batch * height * width;
  const padded = transposed(builder, paddedInput(builder, input, window), [1, 0, 2, 3]);
  const taps = tapsOf(window).map((offset) => {
    const seen = tap(builder, padded, window, offset, [height, width]);
    return groups === 1 ? seen : reshaped(builder, seen, [groups, channels, positions]);
  });
  const stacked = builder.add("Concat", taps, { attributes: { axis: attribute.int(groups === 1 ? 0 : 1) } });
  const left = reshaped(builder, stacked, [groups, taps.length * channels, positions]);
  const rows = reshaped(builder, transposed(builder, gradient, [0, 2, 3, 1]), [positions, groups, members]);
  const right = groups === 1 ? reshaped(builder, rows, [1, positions, members]) : transposed(builder, rows, [1, 0, 2]);
  const product = builder.add("MatMul", [left, right]);
  const apart = reshaped(builder, product, [groups, taps.length, channels, members]);
  return reshaped(builder, transposed(builder, apart, [0, 3, 2, 1]), builder.shapeOf(weight));
}

function paddedInput(builder: GraphBuilder, input: string, window: Window): string {
  const pads = [0, 0, ...window.padsBegin, 0, 0, ...window.padsEnd];
  return pads.every((size) => size === 0) ? input : builder.add("Pad", [input, builder.constant(int64Tensor(pads))]);
}

function tapsOf(window: Window): readonly (readonly number[])[] {
  const [rows, columns] = window.kernel as [number, number];
  return Array.from({ length: rows * columns }, (_, index) => [Math.floor(index / columns), index % columns]);
}

/** What one weight of the kernel sees: every stride-th position, from its own offset on. */
function tap(
  builder: GraphBuilder,
  padded: string,
  window: Window,
  offset: readonly number[],
  size: readonly number[],
): string {
  const starts = offset.map((at, axis) => at * window.dilations[axis]!);
  const ends = starts.map((start, axis) => start + (size[axis]! - 1) * window.strides[axis]! + 1);
  const bounds = [starts, ends, [2, 3], window.strides].map((values) => builder.constant(int64Tensor(values)));
  return builder.add("Slice", [padded, ...bounds]);
}
