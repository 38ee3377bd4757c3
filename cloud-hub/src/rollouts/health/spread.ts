import type { DeviceSeries, HistorySpread } from "./facts.ts";

/** Learns from the time before a rollout how much each figure changes by itself from one period to the next. */
export function estimateSpread(series: readonly DeviceSeries[], periodMs: number): HistorySpread {
  throw new RangeError(`Expected an estimate for ${series.length} devices and ${periodMs} ms.`);
}
