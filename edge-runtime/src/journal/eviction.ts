import { JournalError, systemCode } from "./errors.ts";
import type { Gap } from "./journal.ts";
import type { Lane, Shared } from "./lane.ts";
import { sharedBytes } from "./quota.ts";
import type { Entry } from "./record-index.ts";
import { headerBytes, type Segment } from "./segment-file.ts";

/** A segment is rewritten when more than this share of it is not waiting: at most 3 bytes written per byte freed. */
const worthwhileShare = 0.25;

/** Tells gaps durably, with the numbers of the gap records on the control lane. */
export type TellGaps = (gaps: readonly Gap[]) => Promise<readonly number[]>;

type Victim = { readonly lane: Lane; readonly entry: Entry };

/** Makes room by value: tells what will be lost, marks it, and takes back the disk that it held. */
export class Eviction {
  readonly #shared: Shared;
  readonly #lanes: ReadonlyMap<string, Lane>;
  readonly #tell: TellGaps;
  readonly #chunkBytes: number;

  /** chunkBytes: least number of bytes chosen at once */
  constructor(shared: Shared, lanes: ReadonlyMap<string, Lane>, tell: TellGaps, chunkBytes: number) {
    this.#shared = shared;
    this.#lanes = lanes;
    this.#tell = tell;
    this.#chunkBytes = chunkBytes;
  }

  /** Frees at least `bytes` of disk; resolves with what it freed, which is less only when nothing is left to evict. */
  async free(bytes: number, reason: string): Promise<number> {
    let freed = 0;
    let mayRewrite = true;
    while (freed < bytes) {
      const worst = this.#emptiest(mayRewrite ? worthwhileShare : 1);
      if (worst !== undefined) {
        const result = await this.#reclaim(worst.lane, worst.segment);
        if (result === "no-space") mayRewrite = false;
        else freed += result;
        continue;
      }
      const victims = await this.#leastValuable(Math.max(bytes - freed, this.#chunkBytes), mayRewrite);
      if (victims.length === 0) return freed;
      freed += await this.carryOut(victims, reason);
    }
    return freed;
  }

  /** Takes back what a lane holds beyond its waiting records, where that is worth a rewriting; resolves with the bytes won. */
  async compact(lane: Lane): Promise<number> {
    const worst = lane.segments
      .filter((segment) => emptyShare(segment) > worthwhileShare)
      .toSorted((a, b) => emptyShare(b) - emptyShare(a))[0];
    const won = worst === undefined ? 0 : await this.#reclaim(lane, worst);
    return won === "no-space" ? 0 : won;
  }

  /** Evicts chosen records of one lane and rewrites every segment that held some of it. */
  async evictFrom(lane: Lane, entries: readonly Entry[], reason: string): Promise<void> {
    const victims = entries.map((entry) => ({ lane, entry }));
    await this.carryOut(victims, reason);
    const touched = new Set(entries.map(({ segment }) => segment));
    for (const segment of lane.segments.filter(({ first }) => touched.has(first))) await this.#reclaim(lane, segment);
  }

  /** Carries evictions out that were told but perhaps not finished before a crash. */
  async finishTold(): Promise<void> {
    for (const { seq, gap } of await this.#shared.index.gaps()) {
      const lane = this.#lanes.get(gap.lane);
      if (lane !== undefined) {
        const entries = await this.#shared.index.entries(gap.lane, gap.from, gap.to, -1);
        await this.#drop(lane, entries);
        lane.state.evicted += entries.length;
      }
      await this.#shared.index.write([this.#shared.index.gapDone(seq)]);
    }
  }

  /** Tells, then drops; returns the bytes of the files that became empty by it and are gone. */
  async carryOut(victims: readonly Victim[], reason: string): Promise<number> {
    const byLane = Map.groupBy(victims, ({ lane }) => lane);
    const gaps: Gap[] = [];
    for (const [lane, chosen] of byLane) gaps.push(...(await this.#gapsOf(lane, inOrder(chosen), reason)));
    const told = await this.#tell(gaps);
    let freed = 0;
    for (const [lane, chosen] of byLane) {
      freed += await this.#drop(lane, inOrder(chosen));
      lane.state.evicted += chosen.length;
    }
    await this.#shared.index.write(told.map((seq) => this.#shared.index.gapDone(seq)));
    await this.#shared.state.save();
    return freed;
  }

  /** Ranges of numbers in which nothing will be left, joined across what was evicted before. */
  async #gapsOf(lane: Lane, entries: readonly Entry[], reason: string): Promise<Gap[]> {
    const gaps: { lane: string; from: number; to: number; count: number; reason: string }[] = [];
    for (const { seq } of entries) {
      const gap = gaps.at(-1);
      if (gap !== undefined && (await this.#nothingBetween(lane, gap.to, seq))) {
        gap.to = seq;
        gap.count += 1;
      } else {
        gaps.push({ lane: lane.name, from: seq, to: seq, count: 1, reason });
      }
    }
    return gaps;
  }

  async #nothingBetween(lane: Lane, from: number, to: number): Promise<boolean> {
    return to === from + 1 || (await this.#shared.index.entries(lane.name, from + 1, to - 1, 1)).length === 0;
  }

  async #drop(lane: Lane, entries: readonly Entry[]): Promise<number> {
    let freed = 0;
    for (const [first, chosen] of Map.groupBy(entries, ({ segment }) => segment)) {
      const segment = lane.segments.find((candidate) => candidate.first === first);
      if (segment !== undefined) freed += await this.#dropFrom(lane, segment, chosen);
    }
    return freed;
  }

  async #dropFrom(lane: Lane, segment: Segment, entries: readonly Entry[]): Promise<number> {
    const { index, folder } = this.#shared;
    const seqs = new Set(entries.map(({ seq }) => seq));
    if (entries.length < segment.live || !segment.sealed) await folder.markDead(segment, ({ seq }) => seqs.has(seq));
    segment.live -= entries.length;
    segment.liveBytes -= entries.reduce((sum, { size }) => sum + size, 0);
    await index.write([...index.remove(lane.name, entries), ...(segment.sealed ? [index.seal(segment)] : [])], true);
    return segment.live === 0 && segment.sealed ? this.#delete(lane, segment) : 0;
  }

  /** Bytes won by rewriting or deleting a segment, or that the disk has no room for the copy. */
  async #reclaim(lane: Lane, segment: Segment): Promise<number | "no-space"> {
    if (!segment.sealed) await lane.seal();
    if (segment.live === 0) return this.#delete(lane, segment);
    try {
      return await this.rewrite(lane, segment);
    } catch (error) {
      if (systemCode(error) === "ENOSPC") return "no-space";
      throw error;
    }
  }

  /** Writes a sealed segment anew with only what is waiting in it. */
  async rewrite(lane: Lane, segment: Segment): Promise<number> {
    const { index, folder } = this.#shared;
    const before = segment.bytes;
    await this.#keepLast(lane, segment);
    const kept = await folder.rewrite(segment, ({ seq }) => seq > lane.state.released);
    lane.resized();
    await index.write([...index.put(segment, kept), index.seal(segment)], true);
    return before - segment.bytes;
  }

  async #delete(lane: Lane, segment: Segment): Promise<number> {
    await this.#keepLast(lane, segment);
    await this.#shared.folder.delete(segment);
    lane.segments.splice(lane.segments.indexOf(segment), 1);
    lane.resized();
    await this.#shared.index.write([this.#shared.index.unseal(segment)]);
    return segment.bytes;
  }

  /** Without its last segment's end, only the state still knows which numbers were used. */
  async #keepLast(lane: Lane, segment: Segment): Promise<void> {
    if (lane.segments.at(-1) !== segment || lane.state.last >= segment.last) return;
    lane.state.last = segment.last;
    await this.#shared.state.save();
  }

  #emptiest(least: number): { lane: Lane; segment: Segment } | undefined {
    let best: { lane: Lane; segment: Segment } | undefined;
    let bestShare = 0;
    for (const lane of this.#lanes.values()) {
      if (sharedBytes(lane) === 0) continue;
      for (const segment of lane.segments) {
        const share = emptyShare(segment);
        if (share <= bestShare || (share <= least && segment.live > 0)) continue;
        best = { lane, segment };
        bestShare = share;
      }
    }
    return best;
  }

  /** The least valuable records of evictable lanes, never below a reserve; a whole segment where none can be rewritten. */
  async #leastValuable(bytes: number, mayRewrite: boolean): Promise<Victim[]> {
    const victims: Victim[] = [];
    const left = new Map([...this.#lanes.values()].map((lane) => [lane, sharedBytes(lane)]));
    let chosen = 0;
    for await (const { lane: name, entry } of this.#shared.index.byValue()) {
      const lane = this.#lanes.get(name);
      if (lane === undefined || lane.options.evictable !== true || left.get(lane)! <= 0) continue;
      if (!mayRewrite) return this.#wholeSegment(lane, entry.segment);
      victims.push({ lane, entry });
      left.set(lane, left.get(lane)! - entry.size);
      chosen += entry.size;
      if (chosen >= bytes) break;
    }
    return victims;
  }

  async #wholeSegment(lane: Lane, first: number): Promise<Victim[]> {
    const segment = lane.segments.find((candidate) => candidate.first === first);
    if (segment === undefined)
      throw new JournalError("unreadable", `Expected segment ${first} of lane "${lane.name}".`);
    if (!segment.sealed) await lane.seal();
    const entries = await this.#shared.index.entries(lane.name, segment.first, segment.last, -1);
    return entries.map((entry) => ({ lane, entry }));
  }
}

/** Share of a segment's file that a rewriting would win; 0 for one in which nothing was stored yet. */
function emptyShare({ first, last, live, liveBytes, bytes }: Segment): number {
  if (last < first) return 0;
  return live === 0 ? 1 : (bytes - headerBytes - liveBytes) / bytes;
}

function inOrder(victims: readonly Victim[]): Entry[] {
  return victims.map(({ entry }) => entry).toSorted((a, b) => a.seq - b.seq);
}
