import type { HealthWindow } from "./facts.ts";

/** What a device did in a stretch of time: its windows added up. durationMs: the stretch, silence included */
export type Period = Omit<HealthWindow, "at" | "release"> & { readonly durationMs: number };

/** A stretch of hub time; a window belongs to it whose end lies after `from` and not after `to`, ms. */
export type Stretch = { readonly from: number; readonly to: number };

/** Adds up a stretch of windows by one release, of windows in time order; `null` when there is none. */
export function periodOf(
  windows: readonly HealthWindow[],
  release: HealthWindow["release"],
  { from, to }: Stretch,
): Period | null {
  const total = emptyPeriod(to - from);
  let found = 0;
  for (let index = firstAfter(windows, from); index < windows.length; index += 1) {
    const window = windows[index]!;
    if (!(window.at <= to)) break;
    if (window.release !== release) continue;
    addWindow(total, window);
    found += 1;
  }
  return found === 0 ? null : total;
}

type Total = { -readonly [Key in keyof Period]: Period[Key] } & { readonly classCounts: number[] };

function emptyPeriod(durationMs: number): Total {
  return {
    frames: 0,
    errors: 0,
    dropped: 0,
    confidenceSum: 0,
    confidenceSquares: 0,
    classCounts: [],
    logLatencySum: 0,
    restarts: 0,
    outcomes: 0,
    badOutcomes: 0,
    durationMs,
  };
}

/** Written out: a verdict over a large fleet adds a million windows. */
function addWindow(total: Total, window: HealthWindow): void {
  total.frames += window.frames;
  total.errors += window.errors;
  total.dropped += window.dropped;
  total.confidenceSum += window.confidenceSum;
  total.confidenceSquares += window.confidenceSquares;
  total.logLatencySum += window.logLatencySum;
  total.restarts += window.restarts;
  total.outcomes += window.outcomes;
  total.badOutcomes += window.badOutcomes;
  addCounts(total.classCounts, window.classCounts);
}

/** Adds counts class by class, in place; a longer list lengthens the sum. */
export function addCounts(sum: number[], counts: readonly number[]): void {
  while (sum.length < counts.length) sum.push(0);
  for (let index = 0; index < counts.length; index += 1) sum[index]! += counts[index]!;
}

function firstAfter(windows: readonly HealthWindow[], from: number): number {
  let [low, high] = [0, windows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (windows[middle]!.at <= from) low = middle + 1;
    else high = middle;
  }
  return low;
}
