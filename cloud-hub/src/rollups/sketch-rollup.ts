import { DevicesError, decodeMessage, encodeMessage, mergeSketches, type SketchBody } from "@fieldloop/devices";
import { byteaText } from "../ingest/table-rows.ts";
import type { Db, SqlSession } from "../storage/db.ts";
import { bucketStart, everyLevel } from "./level.ts";

/** A sketch of a device on its way into the rollups. */
export type DeviceSketch = { readonly device: string; readonly sketch: SketchBody };

type Bucket = { readonly level: number; readonly device: string; readonly start: number; sketch: SketchBody };
type StoredRow = { level: number; device: string; release: string; start: number; body: Uint8Array };

/**
 * Merges sketches into their minute, hour and day, in the transaction that writes them. A sketch belongs to the bucket in which
 * its window begins; one whose heads differ from what its release said before is left out of the sums.
 */
export async function rollUpSketches(
  session: SqlSession,
  fleet: string,
  sketches: readonly DeviceSketch[],
): Promise<void> {
  if (sketches.length === 0) return;
  const buckets = new Map<string, Bucket>();
  for (const each of sketches) for (const level of everyLevel) addTo(buckets, each, level);
  for (const row of await storedRows(session, fleet, [...buckets.values()])) {
    const bucket = buckets.get(keyOf(row.level, row.device, row.release, row.start))!;
    const stored = decodeMessage("sketch", row.body);
    bucket.sketch = mergedOr(stored, bucket.sketch);
  }
  await writeRows(session, fleet, [...buckets.values()]);
}

const keyOf = (level: number, device: string, release: string, start: number): string =>
  `${level} ${start} ${device} ${release}`;

function addTo(buckets: Map<string, Bucket>, { device, sketch }: DeviceSketch, level: number): void {
  const start = bucketStart(sketch.windowStart, level);
  const key = keyOf(level, device, sketch.release, start);
  const placed = { ...sketch, windowStart: start, windowMs: level };
  const known = buckets.get(key);
  if (known === undefined) buckets.set(key, { level, device, start, sketch: placed });
  else known.sketch = mergedOr(known.sketch, placed);
}

function mergedOr(known: SketchBody, other: SketchBody): SketchBody {
  try {
    return mergeSketches(known, other);
  } catch (error) {
    if (error instanceof DevicesError && error.code === "sketch-mismatch") return known;
    throw error;
  }
}

async function storedRows(
  session: SqlSession,
  fleet: string,
  buckets: readonly Bucket[],
): Promise<readonly StoredRow[]> {
  const { rows } = await session.query<StoredRow>(
    `select r.level, r.device, r.release, r.start, r.body
     from jsonb_to_recordset($2::jsonb) as w(level integer, device text, release text, start bigint)
     join sketch_rollups r on r.fleet = $1 and (r.level, r.device, r.release, r.start) = (w.level, w.device, w.release, w.start)`,
    [
      fleet,
      JSON.stringify(
        buckets.map(({ level, device, start, sketch: { release } }) => ({ level, device, release, start })),
      ),
    ],
  );
  return rows;
}

async function writeRows(session: SqlSession, fleet: string, buckets: readonly Bucket[]): Promise<void> {
  const rows = buckets.map(({ level, device, start, sketch }) => ({
    level,
    device,
    start,
    release: sketch.release,
    frames: sketch.frames,
    errors: sketch.errors,
    dropped: Object.values(sketch.dropped).reduce((sum, count) => sum + count, 0),
    body: byteaText(encodeMessage("sketch", sketch)),
  }));
  await session.query(
    `insert into sketch_rollups (fleet, level, device, release, start, frames, errors, dropped, body)
     select $1, level, device, release, start, frames, errors, dropped, body
     from jsonb_to_recordset($2::jsonb) as x(level integer, device text, release text, start bigint, frames bigint,
       errors bigint, dropped bigint, body bytea)
     on conflict (fleet, level, device, release, start) do update
     set frames = excluded.frames, errors = excluded.errors, dropped = excluded.dropped, body = excluded.body`,
    [fleet, JSON.stringify(rows)],
  );
}

const oldAtOnce = 200;

/** Rolls up sketches that were stored before there were rollups; returns how many there were. */
export async function rollUpOldSketches(db: Db, fleet: string, mustStop: () => boolean): Promise<number> {
  for (let count = 0; ; ) {
    const taken = mustStop() ? 0 : await db.tx((session) => rollUpSomeOld(session, fleet));
    count += taken;
    if (taken < oldAtOnce) return count;
  }
}

async function rollUpSomeOld(session: SqlSession, fleet: string): Promise<number> {
  const { rows } = await session.query<{ device: string; epoch: string; lane: string; seq: number; body: Uint8Array }>(
    "select device, epoch, lane, seq, body from sketches where fleet = $1 and not rolled order by device, seq limit $2",
    [fleet, oldAtOnce],
  );
  await rollUpSketches(
    session,
    fleet,
    rows.map(({ device, body }) => ({ device, sketch: decodeMessage("sketch", body) })),
  );
  await session.query(
    `update sketches s set rolled = true from jsonb_to_recordset($2::jsonb) as x(device text, epoch text, lane text, seq bigint)
     where s.fleet = $1 and (s.device, s.epoch, s.lane, s.seq) = (x.device, x.epoch, x.lane, x.seq)`,
    [fleet, JSON.stringify(rows.map(({ device, epoch, lane, seq }) => ({ device, epoch, lane, seq })))],
  );
  return rows.length;
}
