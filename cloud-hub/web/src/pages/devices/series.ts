import type { AnswerCounts, CurvePoint } from "../../api/device.ts";

/** Times of a regular grid and values on it; null where nothing came, so that lines break there. */
export type Series = { readonly at: readonly number[]; readonly rows: readonly (readonly (number | null)[])[] };

/** Lays rows with a time on the grid of their buckets. valuesOf: one value per line */
export function onGrid<Row extends { readonly at: number }>(
  rows: readonly Row[],
  bucketMs: number,
  valuesOf: (row: Row) => readonly (number | null)[],
): Series {
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined) return { at: [], rows: [] };
  const length = Math.round((last.at - first.at) / bucketMs) + 1;
  const at = Array.from({ length }, (_, index) => first.at + index * bucketMs);
  const byPlace = new Map(rows.map((row) => [Math.round((row.at - first.at) / bucketMs), valuesOf(row)]));
  const lines = valuesOf(first).map((_, line) => at.map((__, index) => byPlace.get(index)?.[line] ?? null));
  return { at, rows: lines };
}

/** Answered, dropped and failed frames per second. */
export function frameRates(counts: readonly AnswerCounts[], bucketMs: number): Series {
  const perSecond = (count: number) => (count * 1000) / bucketMs;
  return onGrid(counts, bucketMs, ({ frames, drops, errors }) => [
    perSecond(frames),
    perSecond(sum(drops)),
    perSecond(sum(errors)),
  ]);
}

/** Median and 95th percentile of the latency in ms; of a bucket in which the release changed, the newer one's. */
export function latencies(points: readonly CurvePoint[], bucketMs: number): Series {
  return onGrid(points, bucketMs, ({ latencyUs }) => [toMs(latencyUs?.p50), toMs(latencyUs?.p95)]);
}

/** Mean confidence of a head, 0 to 1. */
export function confidences(points: readonly CurvePoint[], bucketMs: number, head: string): Series {
  return onGrid(points, bucketMs, ({ heads }) => [heads?.[head]?.confidence ?? null]);
}

/** Reasons and how many frames each cost, the commonest first. */
export function byReason(
  counts: readonly AnswerCounts[],
  kind: "drops" | "errors",
): readonly (readonly [string, number])[] {
  const totals = new Map<string, number>();
  for (const count of counts) {
    for (const [reason, frames] of Object.entries(count[kind])) totals.set(reason, (totals.get(reason) ?? 0) + frames);
  }
  return [...totals].toSorted(([, a], [, b]) => b - a);
}

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);

const toMs = (us: number | null | undefined): number | null => (us == null ? null : us / 1000);
