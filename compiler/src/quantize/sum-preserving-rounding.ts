/** Where a weight's channel and kernels lie: one scale per channel of `axis`, kernels are runs of `kernel` values. */
export interface WeightLayout {
  readonly shape: readonly number[];
  readonly axis: number;
}

/**
 * Rounds weights, already divided by their scales, to integers so that the sum over each channel is kept to within half a
 * step and over each kernel nearly so: smooth or dark input meets mostly the sums, and under nearest rounding the errors of
 * many weights add up there. Weights closest to a tie move to their other neighbour; `largest` bounds both sides.
 * Source: Guo et al., SQuant (ICLR 2022), its kernel-wise and channel-wise steps
 */
export function roundPreservingSums(scaled: Float64Array, layout: WeightLayout, largest: number): Int8Array {
  const rounded = Int8Array.from(scaled, (value) => Math.max(-largest, Math.min(largest, Math.round(value))));
  const errors = Float64Array.from(scaled, (value, index) => rounded[index]! - value);
  for (const channel of channelsOf(layout)) {
    for (const kernel of channel) balance(kernel, { rounded, errors, largest });
    balance(channel.flat(), { rounded, errors, largest });
  }
  return rounded;
}

interface Rounding {
  readonly rounded: Int8Array;
  readonly errors: Float64Array;
  readonly largest: number;
}

/** Moves as many weights by one step as brings the sum of errors nearest to zero, each to its second-nearest integer. */
function balance(places: readonly number[], { rounded, errors, largest }: Rounding): void {
  const excess = places.reduce((sum, place) => sum + errors[place]!, 0);
  const step = -Math.sign(excess);
  const movable = places
    .filter((place) => errors[place]! * step < 0 && Math.abs(rounded[place]! + step) <= largest)
    .sort((left, right) => Math.abs(errors[right]!) - Math.abs(errors[left]!) || left - right);
  for (const place of movable.slice(0, Math.round(Math.abs(excess)))) {
    rounded[place]! += step;
    errors[place]! += step;
  }
}

/** Per channel, the places of each of its kernels; a matrix has kernels of one value. */
function channelsOf({ shape, axis }: WeightLayout): readonly (readonly (readonly number[])[])[] {
  const count = shape.reduce((product, size) => product * size, 1);
  const inner = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  const kernel = axis === 0 ? shape.slice(2).reduce((product, size) => product * size, 1) : 1;
  const channels: number[][][] = Array.from({ length: shape[axis]! }, () => []);
  for (let place = 0; place < count; place += kernel) {
    const places = Array.from({ length: kernel }, (_, offset) => place + offset);
    channels[Math.floor(place / inner) % shape[axis]!]!.push(places);
  }
  return channels;
}
