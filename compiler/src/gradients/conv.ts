import { attribute, intAttribute, type Node } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import { type Window, windowOf } from "../graph/shapes/window-shapes.ts";
import { int64Tensor } from "../graph/tensor.ts";
import { type GradientRule, noRule, outputGradient, reshaped, summed, transposed } from "./gradient-rule.ts";

/**
 * Conv over [N, C, H, W] of one group: dX = ConvTranspose(dY, W), whose weight layout already fits;
 * dW = dY · columns(X)ᵀ, the columns being strided slices of the padded input; db = ΣdY.
 */
export const convGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const [input, weight] = node.inputs as [string, string];
  const weightShape = builder.shapeOf(weight);
  if (intAttribute(node, "group", 1) !== 1) throw noRule(node, "one group", "it has several");
  if (weightShape.length !== 4) throw noRule(node, "two spatial axes", `its weight has ${weightShape.length - 2}`);
  const window = windowOf(node, weightShape.slice(2), builder.shapeOf(input).slice(2));
  const gradient = outputGradient(context);
  return [
    context.wants(0) ? inputGradient(builder, node, gradient, window) : undefined,
    context.wants(1) ? weightGradient(builder, node, gradient, window) : undefined,
    context.wants(2) ? summed(builder, gradient, [0, 2, 3], false) : undefined,
  ];
};

function inputGradient(builder: GraphBuilder, node: Node, gradient: string, window: Window): string {
  const [input, weight] = node.inputs as [string, string];
  const size = builder.shapeOf(input).slice(2);
  const outputSize = builder.shapeOf(gradient).slice(2);
  const leftOver = size.map((full, axis) => {
    const reach = (window.kernel[axis]! - 1) * window.dilations[axis]! + 1;
    return (
      full + window.padsBegin[axis]! + window.padsEnd[axis]! - reach - (outputSize[axis]! - 1) * window.strides[axis]!
    );
  });
  return builder.add("ConvTranspose", [gradient, weight], {
    attributes: {
      dilations: attribute.ints(window.dilations),
      kernel_shape: attribute.ints(window.kernel),
      output_padding: attribute.ints(leftOver),
      pads: attribute.ints([...window.padsBegin, ...window.padsEnd]),
      strides: attribute.ints(window.strides),
    },
  });
}

function weightGradient(builder: GraphBuilder, node: Node, gradient: string, window: Window): string {
  const [input, weight] = node.inputs as [string, string];
  const [batch, inputChannels] = builder.shapeOf(input) as [number, number];
  const [, channels, height, width] = builder.shapeOf(gradient) as [number, number, number, number];
  const positions = batch * height * width;
  const [rows, columns] = window.kernel as [number, number];
  const padded = transposed(builder, paddedInput(builder, input, window), [1, 0, 2, 3]);
  const taps = tapsOf(window).map(([row, column]) => tap(builder, padded, window, [row, column], [height, width]));
  const stacked = builder.add("Concat", taps, { attributes: { axis: attribute.int(0) } });
  const left = reshaped(builder, stacked, [rows * columns * inputChannels, positions]);
  const right = reshaped(builder, transposed(builder, gradient, [0, 2, 3, 1]), [positions, channels]);
  const product = reshaped(builder, builder.add("MatMul", [left, right]), [rows, columns, inputChannels, channels]);
  return reshaped(builder, transposed(builder, product, [3, 2, 0, 1]), builder.shapeOf(weight));
}

function paddedInput(builder: GraphBuilder, input: string, window: Window): string {
  const pads = [0, 0, ...window.padsBegin, 0, 0, ...window.padsEnd];
  return pads.every((size) => size === 0) ? input : builder.add("Pad", [input, builder.constant(int64Tensor(pads))]);
}

function tapsOf(window: Window): readonly [row: number, column: number][] {
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
