import { intAttribute, intsAttribute } from "../graph/graph.ts";
import { positiveAxis } from "../graph/shapes/shape-rule.ts";
import { at, broadcastAt, filled, withAxis } from "./reals.ts";
import type { ReferenceOperator } from "./reference-operator.ts";

/** The same values under the shape that inference gives. */
export const reshape: ReferenceOperator = (context) => [{ shape: context.outputShape(), data: context.input(0).data }];

export const expand: ReferenceOperator = (context) => [
  filled(context.outputShape(), (place) => broadcastAt(context.input(0), place)),
];

export const transpose: ReferenceOperator = (context) => {
  const input = context.input(0);
  const order = intsAttribute(context.node, "perm", [...input.shape.keys()].reverse());
  return [
    filled(context.outputShape(), (place) =>
      at(
        input,
        input.shape.map((_, axis) => place[order.indexOf(axis)]!),
      ),
    ),
  ];
};

export const concat: ReferenceOperator = (context) => {
  const inputs = context.node.inputs.map((_, position) => context.input(position));
  const axis = positiveAxis(intAttribute(context.node, "axis", 0), inputs[0]!.shape.length);
  return [
    filled(context.outputShape(), (place) => {
      let position = place[axis]!;
      for (const input of inputs) {
        if (position < input.shape[axis]!) return at(input, withAxis(place, axis, position));
        position -= input.shape[axis]!;
      }
      return Number.NaN;
    }),
  ];
};

export const split: ReferenceOperator = (context) => {
  const input = context.input(0);
  const axis = positiveAxis(intAttribute(context.node, "axis", 0), input.shape.length);
  let start = 0;
  return context.node.outputs.map((_, output) => {
    const [shape, from] = [context.outputShape(output), start];
    start += shape[axis]!;
    return filled(shape, (place) => at(input, withAxis(place, axis, place[axis]! + from)));
  });
};

export const slice: ReferenceOperator = (context) => {
  const input = context.input(0);
  const starts = context.integers(1)!;
  const axes = (context.integers(3) ?? [...starts.keys()]).map((axis) => positiveAxis(axis, input.shape.length));
  const steps = context.integers(4) ?? starts.map(() => 1);
  const first = (axis: number): readonly [start: number, step: number] => {
    const index = axes.indexOf(axis);
    if (index < 0) return [0, 1];
    const [size, step] = [input.shape[axis]!, steps[index]!];
    const start = starts[index]! < 0 ? starts[index]! + size : starts[index]!;
    return [Math.min(Math.max(start, 0), step < 0 ? size - 1 : size), step];
  };
  return [
    filled(context.outputShape(), (place) =>
      at(
        input,
        place.map((position, axis) => {
          const [start, step] = first(axis);
          return start + position * step;
        }),
      ),
    ),
  ];
};

/** Pad with a constant. */
export const pad: ReferenceOperator = (context) => {
  const input = context.input(0);
  const pads = context.integers(1)!;
  const value = context.has(2) ? context.input(2).data[0]! : 0;
  return [
    filled(context.outputShape(), (place) => {
      const source = place.map((position, axis) => position - pads[axis]!);
      const isInside = source.every((position, axis) => position >= 0 && position < input.shape[axis]!);
      return isInside ? at(input, source) : value;
    }),
  ];
};

export const gather: ReferenceOperator = (context) => {
  const [input, indices] = [context.input(0), context.input(1)];
  const axis = positiveAxis(intAttribute(context.node, "axis", 0), input.shape.length);
  const rank = indices.shape.length;
  return [
    filled(context.outputShape(), (place) => {
      const index = at(indices, place.slice(axis, axis + rank));
      const position = index < 0 ? index + input.shape[axis]! : index;
      return at(input, [...place.slice(0, axis), position, ...place.slice(axis + rank)]);
    }),
  ];
};
