import { confidenceBins, DigestSchema, decodeMessage, IdentifierSchema, type SketchBody } from "@fieldloop/devices";
import Type, { type Static } from "typebox";
import type { Hub } from "../hub-parts.ts";
import { levelFor } from "./level.ts";

/** Whose curves, over which time (ms since 1970). Without a device the whole fleet's sums are answered, without figures per head. */
export const CurvesRequestSchema = Type.Object({
  device: Type.Optional(IdentifierSchema),
  release: Type.Optional(DigestSchema),
  from: Type.Integer({ minimum: 0 }),
  to: Type.Integer({ minimum: 0 }),
});
export type CurvesRequest = Static<typeof CurvesRequestSchema>;

const Nullable = Type.Union([Type.Number(), Type.Null()]);
const HeadPointSchema = Type.Object({
  confidence: Nullable,
  /** Predictions by class index. */
  counts: Type.Array(Type.Integer()),
});

/** One bucket of a release. frames: answered ones, the n of every figure · latencyUs: quantiles to a factor of two · luma: 0–255 */
const CurvePointSchema = Type.Object({
  at: Type.Integer(),
  release: Type.String(),
  frames: Type.Integer(),
  errors: Type.Integer(),
  dropped: Type.Integer(),
  drops: Type.Optional(Type.Record(Type.String(), Type.Integer())),
  heads: Type.Optional(Type.Record(Type.String(), HeadPointSchema)),
  luma: Type.Optional(Nullable),
  latencyUs: Type.Optional(Type.Object({ p50: Nullable, p95: Nullable })),
});
export type CurvePoint = Static<typeof CurvePointSchema>;

/** Points in time order, read from merged sketches; bucketMs: a minute, an hour or a day. */
export const CurvesSchema = Type.Object({ bucketMs: Type.Integer(), points: Type.Array(CurvePointSchema) });
export type Curves = Static<typeof CurvesSchema>;

const bucketsAtMost = 240;

/** What devices did over time, from the rollups of their sketches. */
export async function readCurves(hub: Hub, request: CurvesRequest): Promise<Curves> {
  const bucketMs = levelFor(Math.max(1, request.to - request.from), bucketsAtMost);
  const points =
    request.device === undefined
      ? await fleetPoints(hub, request, bucketMs)
      : await devicePoints(hub, request.device, request, bucketMs);
  return { bucketMs, points };
}

async function fleetPoints(hub: Hub, { release, from, to }: CurvesRequest, level: number): Promise<CurvePoint[]> {
  const rows = await hub.rows<CurvePoint>(
    `select start as at, release, sum(frames)::int8 as frames, sum(errors)::int8 as errors, sum(dropped)::int8 as dropped
     from sketch_rollups where fleet = $1 and level = $2 and start >= $3 - $3 % $2::int8 and start < $4
       and ($5::text is null or release = $5)
     group by start, release order by start, release limit 5000`,
    [hub.fleet, level, from, to, release ?? null],
  );
  return [...rows];
}

async function devicePoints(
  hub: Hub,
  device: string,
  { release, from, to }: CurvesRequest,
  level: number,
): Promise<CurvePoint[]> {
  const rows = await hub.rows<{ body: Uint8Array }>(
    `select body from sketch_rollups where fleet = $1 and level = $2 and start >= $3 - $3 % $2::int8 and start < $4
       and device = $5 and ($6::text is null or release = $6)
     order by start, release limit 2000`,
    [hub.fleet, level, from, to, device, release ?? null],
  );
  return rows.map(({ body }) => pointOf(decodeMessage("sketch", body)));
}

function pointOf(sketch: SketchBody): CurvePoint {
  const { windowStart, release, frames, errors, dropped, heads, luma, latency } = sketch;
  return {
    at: windowStart,
    release,
    frames,
    errors,
    dropped: sumOf(Object.values(dropped)),
    drops: dropped,
    heads: Object.fromEntries(
      Object.entries(heads).map(([name, head]) => [
        name,
        { confidence: meanOfBins(head.confidence, 1 / confidenceBins), counts: head.counts },
      ]),
    ),
    luma: meanOfBins(luma, 256 / luma.length),
    latencyUs: { p50: quantileOfBins(latency, 0.5), p95: quantileOfBins(latency, 0.95) },
  };
}

const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/** The mean by bin centres; null of nothing. */
export function meanOfBins(counts: readonly number[], width: number): number | null {
  const n = sumOf(counts);
  return n === 0 ? null : counts.reduce((sum, count, bin) => sum + count * (bin + 0.5) * width, 0) / n;
}

/** The q-quantile of bins [2^k, 2^(k+1)), at the bin's geometric middle. */
export function quantileOfBins(counts: readonly number[], q: number): number | null {
  const wanted = q * sumOf(counts);
  if (wanted === 0) return null;
  let seen = 0;
  const bin = counts.findIndex((count) => {
    seen += count;
    return seen >= wanted;
  });
  return Math.round(2 ** (bin + 0.5));
}
