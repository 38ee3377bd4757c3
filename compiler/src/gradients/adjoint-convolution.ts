import { attribute } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import type { Window } from "../graph/shapes/window-shapes.ts";

/** What a window slid over: sizes of the spatial axes, how, and in how many groups of channels. */
export interface Sliding {
  readonly size: readonly number[];
  readonly window: Window;
  readonly group?: number;
}

/** The adjoint of sliding a window: a transposed convolution with the same steps, which gives back the size slid over. */
export function adjointConvolution(
  builder: GraphBuilder,
  gradient: string,
  weight: string,
  { size, window, group = 1 }: Sliding,
): string {
  const { kernel, strides, dilations, padsBegin, padsEnd } = window;
  const out = builder.shapeOf(gradient).slice(2);
  const leftOver = size.map((full, axis) => {
    const reach = (kernel[axis]! - 1) * dilations[axis]! + 1;
    return full + padsBegin[axis]! + padsEnd[axis]! - reach - (out[axis]! - 1) * strides[axis]!;
  });
  return builder.add("ConvTranspose", [gradient, weight], {
    attributes: {
      dilations: attribute.ints(dilations),
      group: attribute.int(group),
      kernel_shape: attribute.ints(kernel),
      output_padding: attribute.ints(leftOver),
      pads: attribute.ints([...padsBegin, ...padsEnd]),
      strides: attribute.ints(strides),
    },
  });
}
