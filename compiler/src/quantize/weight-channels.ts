import { elementCount, floatsOf, type Tensor } from "../graph/tensor.ts";

/** The values of each channel along `axis`, in the tensor's order. */
export function channelsAlong(weight: Tensor, axis: number): Float64Array[] {
  const values = floatsOf(weight);
  const channels = Array.from(
    { length: weight.shape[axis]! },
    () => new Float64Array(values.length / weight.shape[axis]!),
  );
  eachPlace(weight.shape, axis, (place, channel, at) => {
    channels[channel]![at] = values[place]!;
  });
  return channels;
}

/** Puts the integers of each channel along `axis` back into the tensor's order. */
export function joinedChannels(channels: readonly Int8Array[], shape: readonly number[], axis: number): Int8Array {
  const joined = new Int8Array(elementCount(shape));
  eachPlace(shape, axis, (place, channel, at) => {
    joined[place] = channels[channel]![at]!;
  });
  return joined;
}

/** How many values of a channel make one kernel: those that one input channel of a convolution meets, one in a matrix. */
export function kernelSize(shape: readonly number[], axis: number): number {
  return axis === 0 ? elementCount(shape.slice(2)) : 1;
}

function eachPlace(
  shape: readonly number[],
  axis: number,
  visit: (place: number, channel: number, at: number) => void,
): void {
  const inner = elementCount(shape.slice(axis + 1));
  const filled = new Uint32Array(shape[axis]!);
  const count = elementCount(shape);
  for (let place = 0; place < count; place += inner) {
    const channel = (place / inner) % shape[axis]!;
    for (let offset = 0; offset < inner; offset += 1) {
      visit(place + offset, channel, filled[channel]!);
      filled[channel]! += 1;
    }
  }
}
