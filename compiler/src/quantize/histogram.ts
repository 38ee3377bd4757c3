const bins = 4096;
const half = bins / 2;
const smallestExponent = -1000;

/**
 * How often values fell where, on a grid anchored at zero: bin i counts values in [i·w, (i + 1)·w) for −2048 ≤ i < 2048,
 * w = 2^exponent, the smallest power of two that holds every value. So the order of values and of merges never matters.
 */
export interface Histogram {
  /** Counts by bin, the bin of zero at index 2048. */
  readonly counts: Float64Array;
  readonly exponent: number;
  readonly min: number;
  readonly max: number;
  readonly total: number;
}

/** A histogram of nothing. */
export function emptyHistogram(): Histogram {
  return { counts: new Float64Array(bins), exponent: smallestExponent, min: Infinity, max: -Infinity, total: 0 };
}

/** A histogram of the given values; values that are not finite are left out. */
export function histogramOf(values: ArrayLike<number>): Histogram {
  const range = finiteRange(values);
  if (range.total === 0) return emptyHistogram();
  const exponent = exponentFor(range.min, range.max);
  const counts = new Float64Array(bins);
  const perUnit = 2 ** -exponent;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index]!;
    if (Number.isFinite(value)) counts[Math.floor(value * perUnit) + half]! += 1;
  }
  return { counts, exponent, ...range };
}

/** The histogram of both together; commutative and associative, bin for bin. */
export function mergeHistograms(left: Histogram, right: Histogram): Histogram {
  const exponent = Math.max(left.exponent, right.exponent);
  const counts = coarsened(left, exponent);
  coarsened(right, exponent).forEach((count, index) => {
    counts[index]! += count;
  });
  return {
    counts,
    exponent,
    min: Math.min(left.min, right.min),
    max: Math.max(left.max, right.max),
    total: left.total + right.total,
  };
}

/** The middle of each bin that holds anything, with its count, in ascending order. */
export function occupiedBins(histogram: Histogram): readonly { readonly middle: number; readonly count: number }[] {
  const width = 2 ** histogram.exponent;
  const found: { middle: number; count: number }[] = [];
  histogram.counts.forEach((count, index) => {
    if (count > 0) found.push({ middle: (index - half + 0.5) * width, count });
  });
  return found;
}

function finiteRange(values: ArrayLike<number>): { min: number; max: number; total: number } {
  let min = Infinity;
  let max = -Infinity;
  let total = 0;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index]!;
    if (!Number.isFinite(value)) continue;
    if (value < min) min = value;
    if (value > max) max = value;
    total += 1;
  }
  return { min, max, total };
}

/** The smallest exponent whose grid holds both ends: −2048·w ≤ min and max < 2048·w. */
function exponentFor(min: number, max: number): number {
  const reach = Math.max(max, -min);
  if (reach === 0) return smallestExponent;
  let exponent = Math.max(smallestExponent, Math.floor(Math.log2(reach)) - 13);
  while (!(min >= -half * 2 ** exponent && max < half * 2 ** exponent)) exponent += 1;
  return exponent;
}

function coarsened(histogram: Histogram, exponent: number): Float64Array {
  const shift = exponent - histogram.exponent;
  if (shift === 0) return histogram.counts.slice();
  const counts = new Float64Array(bins);
  const factor = 2 ** -Math.min(shift, 60);
  histogram.counts.forEach((count, index) => {
    if (count > 0) counts[Math.floor((index - half) * factor) + half]! += count;
  });
  return counts;
}
