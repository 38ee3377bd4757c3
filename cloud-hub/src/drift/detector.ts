import { DigestSchema, decodeMessage, IdentifierSchema, mergeSketches, type SketchBody } from "@fieldloop/devices";
import Type, { type Static } from "typebox";
import type { Hub } from "../hub-parts.ts";
import { getRelease } from "../registry/release.ts";
import { getVersion } from "../registry/version.ts";
import type { DriftReference } from "./reference.ts";
import { alarmIndex, driftThreshold, leastFrames, scoreWindow } from "./score.ts";
import { summariseSketch } from "./window.ts";

/** Whose windows: a device's, of one release or all, from a moment on (ms since 1970). */
export const DriftRequestSchema = Type.Object({
  device: IdentifierSchema,
  release: Type.Optional(DigestSchema),
  from: Type.Optional(Type.Integer({ minimum: 0 })),
});
export type DriftRequest = Static<typeof DriftRequestSchema>;

const WindowSchema = Type.Object({
  start: Type.Integer(),
  end: Type.Integer(),
  frames: Type.Integer(),
  release: Type.String(),
  score: Type.Number(),
  parts: Type.Record(Type.String(), Type.Number()),
  explanation: Type.String(),
});

/**
 * The judged windows in time order; a score above the threshold is beyond chance.
 * alarm: at the end of which window it was raised, and how many windows that took from the first one of its release
 */
export const DriftReportSchema = Type.Object({
  threshold: Type.Number(),
  windows: Type.Array(WindowSchema),
  alarm: Type.Optional(
    Type.Object({ at: Type.Integer(), windows: Type.Integer(), release: Type.String(), explanation: Type.String() }),
  ),
});
export type DriftReport = Static<typeof DriftReportSchema>;
type Window = Static<typeof WindowSchema>;
/** What the column `parts` holds of a window. */
type Judged = Pick<Window, "start" | "parts" | "explanation">;

const windowsAtMost = 5000;

/** Judges what sketches came in since the last time, and reports a device's windows. */
export async function readDrift(hub: Hub, request: DriftRequest): Promise<DriftReport> {
  await judgeNewSketches(hub, request.device);
  const rows = await hub.rows<Omit<Window, keyof Judged> & { judged: Judged }>(
    `select window_end as "end", frames, release, score, parts as judged from drift_windows
     where fleet = $1 and device = $2 and ($3::text is null or release = $3) and window_end > $4
     order by window_end desc limit ${windowsAtMost}`,
    [hub.fleet, request.device, request.release ?? null, request.from ?? 0],
  );
  const windows = rows
    .toReversed()
    .map(({ judged, ...row }) => ({ ...row, ...judged, end: Number(row.end), frames: Number(row.frames) }))
    .filter((window) => window.start >= (request.from ?? 0));
  const alarm = alarmOf(windows);
  return { threshold: driftThreshold, windows, ...(alarm === undefined ? {} : { alarm }) };
}

function alarmOf(windows: readonly Window[]): DriftReport["alarm"] {
  for (const [release, members] of Map.groupBy(windows, (window) => window.release)) {
    const index = alarmIndex(members.map((window) => window.score));
    const window = index === undefined ? undefined : members[index];
    if (index !== undefined && window !== undefined) {
      return { at: window.end, windows: index + 1, release, explanation: window.explanation };
    }
  }
  return undefined;
}

type SketchRow = { readonly release: string; readonly offsetMs: number; readonly body: Uint8Array };

const turns = new WeakMap<Hub, Promise<unknown>>();

/**
 * Merges sketches that are too small, scores whole windows and stores them; repeating it changes nothing. One at a time, so
 * that two callers never cut windows differently.
 */
export function judgeNewSketches(hub: Hub, device: string): Promise<void> {
  const result = (turns.get(hub) ?? Promise.resolve()).then(() => judgeDevice(hub, device));
  turns.set(
    hub,
    result.catch(() => undefined),
  );
  return result;
}

async function judgeDevice(hub: Hub, device: string): Promise<void> {
  const rows = await hub.rows<SketchRow>(
    `select k.release, k.clock_offset_ms as "offsetMs", k.body from sketches k
     where k.fleet = $1 and k.device = $2 and k.apart is null and k.frames > 0
       and k.window_start + k.clock_offset_ms >= coalesce(
         (select max(w.window_end) from drift_windows w where w.fleet = $1 and w.device = $2 and w.release = k.release), 0)
     order by k.window_start + k.clock_offset_ms limit ${windowsAtMost}`,
    [hub.fleet, device],
  );
  for (const [release, members] of Map.groupBy(rows, (row) => row.release)) {
    const references = await referencesFor(hub, release);
    if (references.length === 0) continue;
    for (const sketch of wholeWindows(members)) await storeWindow(hub, device, sketch, references);
  }
}

function* wholeWindows(rows: readonly SketchRow[]): Generator<SketchBody> {
  let pending: SketchBody | undefined;
  for (const row of rows) {
    const sent = decodeMessage("sketch", new Uint8Array(row.body));
    const sketch = { ...sent, windowStart: sent.windowStart + Number(row.offsetMs) }; // by the hub's clock
    pending = pending === undefined ? sketch : mergeSketches(pending, sketch);
    if (pending.frames < leastFrames) continue;
    yield pending;
    pending = undefined;
  }
}

async function storeWindow(
  hub: Hub,
  device: string,
  sketch: SketchBody,
  references: readonly DriftReference[],
): Promise<void> {
  const judged = scoreWindow(summariseSketch(sketch), references);
  if (judged === undefined) return;
  const { score, parts, explanation } = judged;
  const windowEnd = sketch.windowStart + sketch.windowMs;
  const stored: Judged = { start: sketch.windowStart, parts, explanation };
  await hub.rows(
    `insert into drift_windows (fleet, device, release, window_end, frames, score, threshold, parts)
     values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing`,
    [hub.fleet, device, sketch.release, windowEnd, sketch.frames, score, driftThreshold, JSON.stringify(stored)],
  );
}

const known = new WeakMap<Hub, Map<string, readonly DriftReference[]>>();

async function referencesFor(hub: Hub, release: string): Promise<readonly DriftReference[]> {
  const cache = known.get(hub) ?? new Map<string, readonly DriftReference[]>();
  known.set(hub, cache);
  const cached = cache.get(release);
  if (cached !== undefined) return cached;
  const found = await getRelease(hub, release).catch(() => undefined);
  if (found === undefined) return [];
  const { metrics } = await getVersion(hub, found.version);
  const blob = metrics.driftReference;
  if (typeof blob !== "string") return [];
  const text = Buffer.from(await hub.readBlob(blob)).toString("utf8");
  const references = JSON.parse(text) as readonly DriftReference[]; // written by registration, named by digest
  cache.set(release, references);
  return references;
}
