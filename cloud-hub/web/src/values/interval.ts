/** A measured value, its interval, and of how many. A figure without n is none. */
export type Measured = {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly n: number;
};

/** Where an interval and its thresholds stand on a track from 0 to 1. */
export type Track = {
  readonly low: number;
  readonly high: number;
  readonly value: number;
  readonly zero: number;
  readonly healthyBelow: number;
  readonly harmAbove: number;
  readonly isCutLow: boolean;
  readonly isCutHigh: boolean;
};

/**
 * Lays an interval out beside its two thresholds. The scale is set by the thresholds, so that rules can be compared at a
 * glance; what reaches beyond it is cut and said to be.
 */
export function layOut(
  { value, low, high }: Measured,
  { healthyBelow, harmAbove }: { readonly healthyBelow: number; readonly harmAbove: number },
): Track | undefined {
  if (value === null || low === null || high === null) return undefined;
  const span = Math.max(Math.abs(harmAbove), Math.abs(healthyBelow), 1e-9);
  const from = Math.min(0, healthyBelow, harmAbove) - 0.45 * span;
  const to = Math.max(0, healthyBelow, harmAbove) + 0.45 * span;
  const place = (number: number) => Math.min(1, Math.max(0, (number - from) / (to - from)));
  return {
    low: place(low),
    high: place(high),
    value: place(value),
    zero: place(0),
    healthyBelow: place(healthyBelow),
    harmAbove: place(harmAbove),
    isCutLow: low < from,
    isCutHigh: high > to,
  };
}
