import Type, { type Static } from "typebox";
import { SampleQuerySchema } from "../dataset/sample-query.ts";
import type { Hub } from "../hub-parts.ts";
import type { SqlValue } from "../storage/db.ts";
import { levelFor } from "./level.ts";

const splits = ["none", "class", "device", "release", "source", "audit", "decile"] as const;

/** What of a query the rollups can tell apart. */
const counted = [
  "source",
  "device",
  "release",
  "class",
  "confidenceBelow",
  "confidenceAbove",
  "audit",
  "from",
  "to",
] as const;

/**
 * Over which samples and time. Confidence is counted by tenths: a bound inside a tenth takes all of it in. buckets: wanted at
 * most · split: one series per value of it
 */
export const HistogramRequestSchema = Type.Object({
  ...Type.Pick(SampleQuerySchema, counted).properties,
  buckets: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
  split: Type.Optional(Type.Enum([...splits])),
});
export type HistogramRequest = Static<typeof HistogramRequestSchema>;

/**
 * Counts of samples by capture time, read from rollups. Bucket i begins at from + i · bucketMs; every series has one count per
 * bucket, the largest first, at most twelve and `other` for the rest. total: samples in all of it
 */
export const HistogramSchema = Type.Object({
  from: Type.Integer(),
  to: Type.Integer(),
  bucketMs: Type.Integer(),
  total: Type.Integer(),
  series: Type.Array(Type.Object({ key: Type.String(), total: Type.Integer(), counts: Type.Array(Type.Integer()) })),
});
export type Histogram = Static<typeof HistogramSchema>;

const defaultBuckets = 96;
/** Finer buckets than so many are not read: with classes and tenths of confidence there are many rows in each. */
const totalsAtMost = 1500;
const countsAtMost = 240;
const seriesAtMost = 12;

/** Whether the counts without class and confidence say enough. */
function needsTotalsOnly(request: HistogramRequest): boolean {
  const { class: name, confidenceBelow, confidenceAbove, split } = request;
  const isByClass = name !== undefined || confidenceBelow !== undefined || confidenceAbove !== undefined;
  return !isByClass && split !== "class" && split !== "decile";
}

type Split = (typeof splits)[number];
const splitColumns: Readonly<Record<Split, string>> = {
  none: "''",
  class: "class",
  device: "device",
  release: "release",
  source: "source",
  audit: "audit::text",
  decile: "decile::text",
};

/** Counts samples over time. */
export async function readHistogram(hub: Hub, request: HistogramRequest): Promise<Histogram> {
  const { sql, parameters } = conditionOf(hub.fleet, request);
  const span = await spanOf(hub, request, sql, parameters);
  if (span === undefined) {
    const from = request.from ?? 0;
    return { from, to: request.to ?? from, bucketMs: 60_000, total: 0, series: [] };
  }
  const isTotal = needsTotalsOnly(request);
  const level = levelFor(span.to - span.from, isTotal ? totalsAtMost : countsAtMost);
  const wanted = request.buckets ?? defaultBuckets;
  const from = span.from - (span.from % level);
  const bucketMs = level * Math.max(1, Math.ceil((span.to - from) / level / wanted));
  const to = from + bucketMs * Math.max(1, Math.ceil((span.to - from) / bucketMs));
  const rows = await hub.rows<{ key: string; bucket: number; count: number }>(
    `select ${splitColumns[request.split ?? "none"]} as key, ((start - $${parameters.length + 1}) / $${parameters.length + 2})::int as bucket,
       sum(count)::int8 as count
     from ${isTotal ? "sample_totals" : "sample_rollups"} where ${sql} and level = ${level} and start >= $${parameters.length + 1} and start < $${parameters.length + 3}
     group by 1, 2 limit 100000`,
    [...parameters, from, bucketMs, to],
  );
  const series = seriesOf(rows, Math.round((to - from) / bucketMs));
  return { from, to, bucketMs, total: series.reduce((sum, each) => sum + each.total, 0), series };
}

/** The span that was asked for, or that of the samples there are, by days. */
async function spanOf(hub: Hub, request: HistogramRequest, sql: string, parameters: readonly SqlValue[]) {
  const { from, to } = request;
  if (from !== undefined && to !== undefined) return to > from ? { from, to } : undefined;
  const [row] = await hub.rows<{ first: number | null; last: number | null }>(
    `select min(start) as first, max(start) as last from ${needsTotalsOnly(request) ? "sample_totals" : "sample_rollups"}
     where ${sql} and level = 86400000`,
    parameters,
  );
  if (row?.first == null || row.last === null) return undefined;
  const span = { from: from ?? Number(row.first), to: to ?? Number(row.last) + 86_400_000 };
  return span.to > span.from ? span : undefined;
}

function conditionOf(fleet: string, request: HistogramRequest): { sql: string; parameters: readonly SqlValue[] } {
  const parameters: SqlValue[] = [fleet];
  const parts = ["fleet = $1"];
  const where = (clause: (placeholder: string) => string, value: SqlValue | undefined) => {
    if (value === undefined) return;
    parameters.push(value);
    parts.push(clause(`$${parameters.length}`));
  };
  const { source, device, release, class: name, audit, confidenceBelow, confidenceAbove } = request;
  where((value) => `source = ${value}`, source);
  where((value) => `device = ${value}`, device);
  where((value) => `release = ${value}`, release);
  where((value) => `class = ${value}`, name);
  where((value) => `audit = ${value}`, audit);
  where((value) => `decile >= 0 and decile < ${value}::float8 * 10`, confidenceBelow);
  where((value) => `decile >= floor(${value}::float8 * 10)`, confidenceAbove);
  return { sql: parts.join(" and "), parameters };
}

function seriesOf(
  rows: readonly { key: string; bucket: number; count: number }[],
  buckets: number,
): Histogram["series"] {
  const series = [...Map.groupBy(rows, (row) => row.key)].map(([key, members]) => {
    const counts = new Array<number>(buckets).fill(0);
    for (const { bucket, count } of members) counts[bucket] = (counts[bucket] ?? 0) + Number(count);
    return { key, total: counts.reduce((sum, count) => sum + count, 0), counts };
  });
  const sorted = series.toSorted((a, b) => b.total - a.total);
  const rest = sorted.slice(seriesAtMost);
  if (rest.length === 0) return sorted;
  const counts = Array.from({ length: buckets }, (_, bucket) =>
    rest.reduce((sum, each) => sum + (each.counts[bucket] ?? 0), 0),
  );
  return [
    ...sorted.slice(0, seriesAtMost),
    { key: "other", total: rest.reduce((sum, each) => sum + each.total, 0), counts },
  ];
}
