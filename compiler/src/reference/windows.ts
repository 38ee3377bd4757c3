import { intAttribute, intsAttribute } from "../graph/graph.ts";
import { type Window, windowOf } from "../graph/shapes/window-shapes.ts";
import { at, filled, forEachPlace, type Reals } from "./reals.ts";
import { mean } from "./reductions.ts";
import type { ReferenceContext, ReferenceOperator } from "./reference-operator.ts";

/** Conv over [N, C, …] with groups, strides, dilations and pads. */
export const conv: ReferenceOperator = (context) => {
  const [input, weight] = [context.input(0), context.input(1)];
  const window = windowOf(context.node, weight.shape.slice(2), input.shape.slice(2));
  const group = intAttribute(context.node, "group", 1);
  const [outputs, channels] = weight.shape as [number, number];
  return [
    filled(context.outputShape(), ([sample, channel, ...position]) => {
      const first = Math.floor(channel! / (outputs / group)) * channels;
      let total = context.has(2) ? context.input(2).data[channel!]! : 0;
      for (let each = 0; each < channels; each += 1) {
        forEachTap(window, position, (tap, source) => {
          if (isInside(source, input)) {
            total += at(weight, [channel!, each, ...tap]) * at(input, [sample!, first + each, ...source]);
          }
        });
      }
      return total;
    }),
  ];
};

/** MaxPool: the largest value that a window sees. */
export const maxPool: ReferenceOperator = (context) => [pooled(context, (values) => Math.max(...values), false)];

/** AveragePool; what lies in the padding counts where `count_include_pad` says so. */
export const averagePool: ReferenceOperator = (context) => {
  return [pooled(context, mean, intAttribute(context.node, "count_include_pad", 0) === 1)];
};

function pooled(context: ReferenceContext, f: (values: readonly number[]) => number, countsPads: boolean): Reals {
  const input = context.input(0);
  const window = windowOf(context.node, intsAttribute(context.node, "kernel_shape", []), input.shape.slice(2));
  return filled(context.outputShape(), ([sample, channel, ...position]) => {
    const values: number[] = [];
    forEachTap(window, position, (_, source) => {
      if (isInside(source, input)) values.push(at(input, [sample!, channel!, ...source]));
      else if (countsPads) values.push(0);
    });
    return f(values);
  });
}

function forEachTap(
  window: Window,
  position: readonly number[],
  visit: (tap: readonly number[], source: readonly number[]) => void,
): void {
  forEachPlace(window.kernel, (tap) => {
    const source = tap.map(
      (step, axis) =>
        position[axis]! * window.strides[axis]! + step * window.dilations[axis]! - window.padsBegin[axis]!,
    );
    visit(tap, source);
  });
}

function isInside(source: readonly number[], { shape }: Reals): boolean {
  return source.every((position, axis) => position >= 0 && position < shape[axis + 2]!);
}
