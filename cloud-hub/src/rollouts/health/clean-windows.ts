import type { DeviceSeries, HealthWindow } from "./facts.ts";

/**
 * The windows that can be believed, in time order, one per end and release: finite, not negative, not from the future, and
 * with no more bad outcomes than outcomes.
 */
export function cleanSeries(series: readonly DeviceSeries[], now: number): DeviceSeries[] {
  return series.map((each) => ({ ...each, windows: cleanWindows(each.windows, now) }));
}

function cleanWindows(windows: readonly HealthWindow[], now: number): readonly HealthWindow[] {
  if (isClean(windows, now)) return windows;
  const believed = windows.filter((window) => isBelievable(window, now));
  const unique = new Map(believed.map((window) => [`${window.at} ${window.release}`, window]));
  return [...unique.values()].sort((a, b) => a.at - b.at);
}

function isClean(windows: readonly HealthWindow[], now: number): boolean {
  let last = -1;
  for (const window of windows) {
    if (!(window.at > last) || !isBelievable(window, now)) return false;
    last = window.at;
  }
  return true;
}

function isBelievable(window: HealthWindow, now: number): boolean {
  return (
    isCount(window.at) &&
    window.at <= now &&
    isCount(window.frames) &&
    isCount(window.errors) &&
    isCount(window.dropped) &&
    isCount(window.restarts) &&
    isCount(window.outcomes) &&
    isCount(window.confidenceSum) &&
    isCount(window.confidenceSquares) &&
    isCount(window.badOutcomes) &&
    window.badOutcomes <= window.outcomes &&
    Number.isFinite(window.logLatencySum) &&
    areCounts(window.classCounts)
  );
}

const isCount = (value: number): boolean => value >= 0 && value < Number.POSITIVE_INFINITY;

function areCounts(values: readonly number[]): boolean {
  for (const value of values) if (!isCount(value)) return false;
  return true;
}
