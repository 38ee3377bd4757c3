import { elementCount, floatTensor, type Tensor } from "../graph/tensor.ts";

/** A constant of floats with its axes in another order. */
export function transposedTensor(values: Float32Array, shape: readonly number[], order: readonly number[]): Tensor {
  const target = order.map((axis) => shape[axis]!);
  return floatTensor(transposedInto(new Float32Array(values.length), values, { shape, order }), target);
}

/** Integers with their axes in another order. */
export function transposedIntegers(values: Int8Array, shape: readonly number[], order: readonly number[]): Int8Array {
  return transposedInto(new Int8Array(values.length), values, { shape, order });
}

/** Fills an array with another's elements in the new order: a counter per axis, and the place in the old order beside it. */
function transposedInto<T extends Float32Array | Int8Array>(
  moved: T,
  values: T,
  { shape, order }: { readonly shape: readonly number[]; readonly order: readonly number[] },
): T {
  const sizes = order.map((axis) => shape[axis]!);
  const steps = order.map((axis) => elementCount(shape.slice(axis + 1)));
  const index = sizes.map(() => 0);
  let source = 0;
  for (let place = 0; place < moved.length; place += 1) {
    moved[place] = values[source]!;
    for (let axis = sizes.length - 1; axis >= 0; axis -= 1) {
      index[axis]! += 1;
      source += steps[axis]!;
      if (index[axis]! < sizes[axis]!) break;
      source -= steps[axis]! * sizes[axis]!;
      index[axis] = 0;
    }
  }
  return moved;
}
