import Type, { type Static } from "typebox";
import { countBucketMs } from "../ingest/device-counts.ts";
import type { DeviceReader } from "./device.ts";

/** How frames of a span fared. at: its beginning · drops, errors: frames without an answer, by reason */
export const AnswerCountsSchema = Type.Object({
  at: Type.Integer(),
  frames: Type.Integer(),
  drops: Type.Record(Type.String(), Type.Integer()),
  errors: Type.Record(Type.String(), Type.Integer()),
});
export type AnswerCounts = Static<typeof AnswerCountsSchema>;

type Span = { readonly device: string; readonly from: number; readonly to: number };
type Row = { readonly at: number; readonly name: string; readonly count: number };

const mostBuckets = 300;
const finestMs = 10_000;
/** Up to here sketches themselves are few enough to read. */
const sketchesForMs = 2 * 60 * 60 * 1000;
/** Errors of devices that do not say why. */
const unsaid = "unsaid";

/** Counts of a span in at most 300 buckets: of sketches for a few hours, of the sums of ten minutes beyond. */
export async function answerCounts(
  hub: DeviceReader,
  span: Span,
): Promise<{ bucketMs: number; counts: AnswerCounts[] }> {
  const isShort = span.to - span.from <= sketchesForMs;
  const leastMs = isShort ? finestMs : countBucketMs;
  const bucketMs = Math.max(1, Math.ceil((span.to - span.from) / mostBuckets / leastMs)) * leastMs;
  const rows = await hub.rows<Row>(isShort ? ofSketches : ofSums, [
    hub.fleet,
    span.device,
    span.from,
    span.to,
    bucketMs,
  ]);
  return { bucketMs, counts: [...Map.groupBy(rows, ({ at }) => Number(at))].map(([at, group]) => countsOf(at, group)) };
}

const ofSums = `select (bucket_start / $5::bigint) * $5::bigint as at, name, sum(count)::bigint as count from device_counts
  where fleet = $1 and device = $2 and bucket_start > $3::bigint - ${countBucketMs} and bucket_start < $4::bigint
  group by 1, 2 order by 1`;

const ofSketches = `with good as (
    select ((window_end - 1) / $5::bigint) * $5::bigint as at, frames, errors, drop_reasons, error_reasons from sketches
    where fleet = $1 and device = $2 and window_end > $3 and window_end <= $4 and (apart is null or apart = 'unassigned')
  )
  select at, name, sum(count)::bigint as count from (
    select at, 'frames' as name, frames as count from good
    union all select at, 'errors', errors from good
    union all select at, 'drop ' || r.key, r.value::bigint from good, jsonb_each_text(drop_reasons) r
    union all select at, 'error ' || r.key, r.value::bigint from good, jsonb_each_text(error_reasons) r
  ) each group by 1, 2 order by 1`;

function countsOf(at: number, rows: readonly Row[]): AnswerCounts {
  const of = (prefix: string): Record<string, number> =>
    Object.fromEntries(
      rows
        .filter(({ name, count }) => name.startsWith(prefix) && count > 0)
        .map(({ name, count }) => [name.slice(prefix.length), Number(count)]),
    );
  const named = (name: string) => Number(rows.find((row) => row.name === name)?.count ?? 0);
  const errors = of("error ");
  const unnamed = named("errors") - Object.values(errors).reduce((sum, count) => sum + count, 0);
  return {
    at,
    frames: named("frames"),
    drops: of("drop "),
    errors: unnamed > 0 ? { ...errors, [unsaid]: unnamed } : errors,
  };
}
