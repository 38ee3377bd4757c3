import { elementCount } from "../graph/tensor.ts";

/** Numbers in float64, row-major: what the reference computes with, integers and truth values (0, 1) included. */
export interface Reals {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** Fills a shape with what each place gives. */
export function filled(shape: readonly number[], valueAt: (place: readonly number[], index: number) => number): Reals {
  const data = new Float64Array(elementCount(shape));
  forEachPlace(shape, (place, index) => {
    data[index] = valueAt(place, index);
  });
  return { shape, data };
}

/** Visits every place of a shape in row-major order; the place is reused. */
export function forEachPlace(shape: readonly number[], visit: (place: readonly number[], index: number) => void): void {
  const place = shape.map(() => 0);
  const count = elementCount(shape);
  for (let index = 0; index < count; index += 1) {
    visit(place, index);
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      place[axis]! += 1;
      if (place[axis]! < shape[axis]!) break;
      place[axis] = 0;
    }
  }
}

/** The value at a place. */
export function at({ shape, data }: Reals, place: readonly number[]): number {
  return data[indexOf(shape, place)]!;
}

/** The value at a place of a wider shape that this one is broadcast to. */
export function broadcastAt(reals: Reals, place: readonly number[]): number {
  const skipped = place.length - reals.shape.length;
  return at(
    reals,
    reals.shape.map((size, axis) => (size === 1 ? 0 : place[axis + skipped]!)),
  );
}

/** Where a place lies in the data. */
export function indexOf(shape: readonly number[], place: readonly number[]): number {
  return place.reduce((index, position, axis) => index * shape[axis]! + position, 0);
}

/** A place with one coordinate changed. */
export function withAxis(place: readonly number[], axis: number, position: number): number[] {
  return place.map((each, index) => (index === axis ? position : each));
}
