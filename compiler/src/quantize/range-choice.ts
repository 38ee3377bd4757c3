import { CompilerError } from "../errors.ts";
import { type Histogram, occupiedBins } from "./histogram.ts";

/** The real values that the quantized ones will span; always holds zero. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** How a range is chosen from a histogram. */
export type RangeMethod = "minmax" | "percentile" | "mse";

/** Every method with its rule. */
const rules: Readonly<Record<RangeMethod, (histogram: Histogram) => Range>> = {
  minmax: ({ min, max }) => ({ min, max }),
  percentile: (histogram) => percentileRange(histogram, 0.99999),
  mse: leastErrorRange,
};

/** The methods by name, for commands and settings. */
export const rangeMethods: readonly RangeMethod[] = ["minmax", "percentile", "mse"];

/**
 * Chooses the range of an activation from its histogram, widened to hold zero so that zero stays exact.
 * minmax: everything seen · percentile: the central 99.999 % · mse: the least squared error at 256 levels
 * @throws {CompilerError} `empty-histogram` when no value was observed
 */
export function chooseRange(histogram: Histogram, method: RangeMethod): Range {
  if (histogram.total === 0) {
    throw new CompilerError(
      "empty-histogram",
      "Expected values to choose a quantization range from, but none was observed; calibrate with at least one input.",
    );
  }
  const { min, max } = rules[method](histogram);
  return { min: Math.min(0, min), max: Math.max(0, max) };
}

function percentileRange(histogram: Histogram, share: number): Range {
  const bins = occupiedBins(histogram);
  const width = 2 ** histogram.exponent;
  const tail = (histogram.total * (1 - share)) / 2;
  return {
    min: Math.max(histogram.min, edgeBeyond(bins, tail) - width / 2),
    max: Math.min(histogram.max, edgeBeyond(bins.toReversed(), tail) + width / 2),
  };
}

/** The middle of the first bin at which more than `tail` values have been passed. */
function edgeBeyond(bins: readonly { readonly middle: number; readonly count: number }[], tail: number): number {
  let passed = 0;
  for (const { middle, count } of bins) {
    passed += count;
    if (passed > tail) return middle;
  }
  return bins.at(-1)!.middle;
}

const levels = 255;
const candidates = 64;

function leastErrorRange(histogram: Histogram): Range {
  const bins = occupiedBins(histogram);
  const low = Math.min(0, histogram.min);
  const high = Math.max(0, histogram.max);
  let best: Range = { min: low, max: high };
  let leastError = Infinity;
  for (let step = candidates; step >= candidates / 4; step -= 1) {
    const range = { min: (low * step) / candidates, max: (high * step) / candidates };
    const error = squaredError(bins, range);
    if (error < leastError) [best, leastError] = [range, error];
  }
  return best;
}

function squaredError(bins: readonly { readonly middle: number; readonly count: number }[], range: Range): number {
  const scale = (range.max - range.min) / levels;
  if (scale === 0) return Infinity;
  const zeroPoint = Math.round(-range.min / scale);
  let error = 0;
  for (const { middle, count } of bins) {
    const level = Math.min(levels, Math.max(0, Math.round(middle / scale) + zeroPoint));
    error += count * (middle - (level - zeroPoint) * scale) ** 2;
  }
  return error;
}
