import type { Gap } from "./journal.ts";
import type { JournalFs } from "./journal-fs.ts";
import type { DamagedBlock, PlacedRecord, Scan } from "./record-format.ts";
import type { Entry, RecordIndex } from "./record-index.ts";
import { emptySegment, headerBytes, type Segment, type SegmentFolder } from "./segment-file.ts";
import type { LaneState, StateFile } from "./state-file.ts";

/** What recovery works on. unsynced: lanes whose policy is `none` */
export interface RecoveryParts {
  readonly fs: JournalFs;
  readonly folder: SegmentFolder;
  readonly index: RecordIndex;
  readonly state: StateFile;
  readonly unsynced: ReadonlySet<string>;
  readonly freshIndex: boolean;
}

/** What one lane's segments turned out to hold. highestOrder: of the records seen */
export interface RecoveredLane {
  readonly segments: Segment[];
  readonly highestOrder: number;
  readonly truncatedBytes: number;
  readonly gaps: readonly Gap[];
  readonly scanned: number;
  readonly damaged: readonly Segment[];
}

/**
 * Brings segments, index and state of one lane into agreement: deletes what is released, scans what the index does not cover
 * and always the first and the last segment, cuts off a torn tail, and goes on past the lease where numbers may have been used.
 */
export async function recoverLane(lane: string, parts: RecoveryParts): Promise<RecoveredLane> {
  const state = laneState(parts.state, lane);
  const segments = await remainingSegments(lane, state.released, parts);
  const found = {
    gaps: [] as Gap[],
    damaged: [] as Segment[],
    truncatedBytes: 0,
    lostEntries: 0,
    highestOrder: 0,
    scanned: 0,
  };
  for (const [at, segment] of segments.entries()) {
    const isLast = at === segments.length - 1;
    if (at > 0 && !isLast && (await isCovered(segment, parts))) continue;
    segment.sealed = !isLast;
    const result = await recoverSegment(segment, segments[at + 1]?.first ?? Number.POSITIVE_INFINITY, state, parts);
    if (result.gaps.length > 0) found.damaged.push(segment);
    found.gaps.push(...result.gaps);
    found.truncatedBytes += result.truncatedBytes;
    found.lostEntries += result.lostEntries;
    found.highestOrder = Math.max(found.highestOrder, result.highestOrder);
    found.scanned += 1;
  }
  const skipped = skipDoubtful(lane, segments.at(-1)?.last ?? 0, found, state, parts);
  return { ...found, segments, gaps: [...found.gaps, ...skipped] };
}

function laneState({ state }: StateFile, lane: string): LaneState {
  state.lanes[lane] ??= { released: 0, leased: 0, last: 0, evicted: 0 };
  return state.lanes[lane];
}

async function remainingSegments(lane: string, released: number, { folder }: RecoveryParts): Promise<Segment[]> {
  const firsts = await folder.list(lane);
  const gone = firsts.filter((_, at) => at < firsts.length - 1 && firsts[at + 1]! - 1 <= released);
  for (const first of gone) await folder.delete(emptySegment(lane, first));
  return firsts.slice(gone.length).map((first) => emptySegment(lane, first));
}

/** Takes over what the index knows of a sealed segment, if it was made for the file as it is. */
async function isCovered(segment: Segment, { folder, index }: RecoveryParts): Promise<boolean> {
  const known = await index.sealed(segment);
  if (known === undefined) return false;
  const { header, bytes } = await folder.inspect(segment);
  if (header?.generation !== known.generation || bytes !== known.bytes) return false;
  Object.assign(segment, known, { sealed: true });
  return true;
}

/** What reading one segment through brought to light. lostEntries: known to the index, but beyond the segment's end */
export interface RecoveredSegment {
  readonly gaps: readonly Gap[];
  readonly truncatedBytes: number;
  readonly lostEntries: number;
  readonly highestOrder: number;
}

/**
 * Reads a segment through, corrects what is known of it, and enters its waiting records anew into the index.
 * next: the first number after it
 */
export async function recoverSegment(
  segment: Segment,
  next: number,
  state: LaneState,
  parts: RecoveryParts,
): Promise<RecoveredSegment> {
  const scan = await parts.folder.scan(segment);
  segment.generation = scan.header?.generation ?? segment.generation;
  segment.bytes = segment.sealed ? scan.bytes.length : Math.max(scan.end, headerBytes);
  segment.last = Math.max(segment.last, scan.records.at(-1)?.seq ?? 0);
  const live = scan.records.filter((record) => !record.dead && record.seq > state.released);
  segment.live = live.length;
  segment.liveBytes = live.reduce((sum, record) => sum + record.size, 0);
  const indexed = await parts.index.entries(segment.lane, segment.first, next - 1, -1);
  const gaps = damagedGaps(segment, scan, next, indexed, parts).filter(({ to }) => to > state.released);
  await reindex(segment, indexed, live, parts.index);
  return {
    gaps,
    lostEntries: segment.sealed ? 0 : indexed.filter(({ seq }) => seq > segment.last).length,
    truncatedBytes: segment.sealed ? 0 : Math.max(0, scan.bytes.length - segment.bytes),
    highestOrder: scan.records.at(-1)?.order ?? 0,
  };
}

/** The index of a segment as its records say; sealed segments are marked as covered. */
async function reindex(segment: Segment, indexed: readonly Entry[], live: readonly PlacedRecord[], index: RecordIndex) {
  await index.write(index.remove(segment.lane, indexed));
  for (let at = 0; at < live.length; at += 1000) await index.write(index.put(segment, live.slice(at, at + 1000)));
  await index.write([segment.sealed ? index.seal(segment) : index.unseal(segment)], segment.sealed);
}

function damagedGaps(
  segment: Segment,
  scan: Scan & { readonly bytes: Buffer },
  next: number,
  indexed: readonly Entry[],
  { freshIndex }: RecoveryParts,
): Gap[] {
  const tail = { afterSeq: scan.records.at(-1)?.seq ?? segment.first - 1, beforeSeq: next };
  const hasBadTail = segment.sealed && scan.bytes.length > scan.end;
  const blocks: Pick<DamagedBlock, "afterSeq" | "beforeSeq">[] = hasBadTail
    ? [...scan.damaged, tail]
    : [...scan.damaged];
  return blocks
    .filter(({ afterSeq, beforeSeq }) => beforeSeq - afterSeq > 1)
    .map(({ afterSeq, beforeSeq }) => {
      const known = indexed.filter(({ seq }) => seq > afterSeq && seq < beforeSeq).length;
      const range = { lane: segment.lane, from: afterSeq + 1, to: beforeSeq - 1 };
      return { ...range, count: freshIndex ? beforeSeq - afterSeq - 1 : known, reason: "damaged" };
    });
}

/** Numbers after the last record found may have been handed out: none of them is used again, and the gap says so. */
function skipDoubtful(
  lane: string,
  foundLast: number,
  { truncatedBytes, lostEntries }: { readonly truncatedBytes: number; readonly lostEntries: number },
  state: LaneState,
  parts: RecoveryParts,
): Gap[] {
  const isTorn = truncatedBytes > 0 || lostEntries > 0;
  const isUnsynced = parts.unsynced.has(lane) && !parts.state.state.clean;
  state.last = Math.max(state.last, state.released, foundLast);
  if (!isTorn && !isUnsynced) return [];
  const from = Math.max(foundLast, state.released) + 1;
  state.last = Math.max(state.last, state.leased);
  if (from > state.last) return [];
  return [{ lane, from, to: state.last, count: lostEntries, reason: isTorn ? "torn-tail" : "unsynced" }];
}

/** Cuts the torn bytes off a last segment and makes what is left durable, once the gap it leaves is noted. */
export async function settleTail(segment: Segment, { folder }: RecoveryParts): Promise<void> {
  const file = await folder.openForAppend(segment);
  try {
    if ((await file.stat()).size !== segment.bytes) await file.truncate(segment.bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
}
