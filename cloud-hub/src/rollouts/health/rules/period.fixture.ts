import type { Period } from "../period.ts";

/** Fifteen seconds of 400 frames in which nothing is wrong. */
export function periodWith(change: Partial<Period> = {}): Period {
  return {
    frames: 400,
    errors: 0,
    dropped: 0,
    confidenceSum: 320,
    confidenceSquares: 272,
    classCounts: [100, 100, 100, 100],
    logLatencySum: 400 * Math.log(5000),
    restarts: 0,
    outcomes: 0,
    badOutcomes: 0,
    durationMs: 15_000,
    ...change,
  };
}

/** Shares of four classes. */
export const even = [0.25, 0.25, 0.25, 0.25] as const;
