import { elementCount, floatTensor, type Tensor } from "../graph/tensor.ts";

/** A constant with its axes in another order. */
export function transposedTensor(values: Float32Array, shape: readonly number[], order: readonly number[]): Tensor {
  const target = order.map((axis) => shape[axis]!);
  const strides = shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
  const moved = Float32Array.from(values, (_, place) => {
    let rest = place;
    let source = 0;
    for (let axis = order.length - 1; axis >= 0; axis -= 1) {
      source += (rest % target[axis]!) * strides[order[axis]!]!;
      rest = Math.floor(rest / target[axis]!);
    }
    return values[source]!;
  });
  return floatTensor(moved, target);
}
