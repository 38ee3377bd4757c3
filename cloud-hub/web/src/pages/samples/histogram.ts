/** Counts over time as the hub gives them: bucket i begins at from + i · bucketMs (ms since 1970). total: of all series */
export type Histogram = {
  readonly from: number;
  readonly to: number;
  readonly bucketMs: number;
  readonly total: number;
  readonly series: readonly { readonly key: string; readonly total: number; readonly counts: readonly number[] }[];
};

/** One bar. at, to: ms since 1970, `to` exclusive · height: share of the tallest bar */
export type Bar = { readonly at: number; readonly to: number; readonly count: number; readonly height: number };

/** A histogram's bars, series added up. */
export function barsOf({ from, bucketMs, series }: Histogram): readonly Bar[] {
  const size = series.reduce((most, { counts }) => Math.max(most, counts.length), 0);
  const counts = Array.from({ length: size }, (_, index) =>
    series.reduce((sum, each) => sum + (each.counts[index] ?? 0), 0),
  );
  const tallest = counts.reduce((most, count) => Math.max(most, count), 0);
  return counts.map((count, index) => {
    const at = from + index * bucketMs;
    return { at, to: at + bucketMs, count, height: tallest === 0 ? 0 : count / tallest };
  });
}

/** The span of time between two places on the bars (shares of the width), widened to whole bars. */
export function brushedRange(
  bars: readonly Bar[],
  start: number,
  end: number,
): { from: number; to: number } | undefined {
  const place = (share: number) => Math.min(1, Math.max(0, share)) * bars.length;
  const [low, high] = [place(Math.min(start, end)), place(Math.max(start, end))];
  const firstAt = Math.min(bars.length - 1, Math.floor(low));
  const first = bars[firstAt];
  const last = bars[Math.max(firstAt, Math.min(bars.length - 1, Math.ceil(high) - 1))];
  return first === undefined || last === undefined ? undefined : { from: first.at, to: last.to };
}
