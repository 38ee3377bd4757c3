import { JournalError, systemCode } from "./errors.ts";
import type { Eviction } from "./eviction.ts";
import type { GapTeller } from "./gap-teller.ts";
import type { JournalRecord } from "./journal.ts";
import { readFully } from "./journal-fs.ts";
import type { Lane } from "./lane.ts";
import { decodeRecord, type PlacedRecord } from "./record-format.ts";
import type { Entry } from "./record-index.ts";
import { type RecoveryParts, recoverSegment } from "./recovery.ts";
import type { Segment } from "./segment-file.ts";

const largestHoleBytes = 64 * 1024;
const largestReadBytes = 8 * 1024 * 1024;

/** Reads records where the index says they are; where one is not, reads its segment through and tells what is lost. */
export class RecordReader {
  readonly #parts: RecoveryParts;
  readonly #eviction: Eviction;
  readonly #teller: GapTeller;

  constructor(parts: RecoveryParts, eviction: Eviction, teller: GapTeller) {
    this.#parts = parts;
    this.#eviction = eviction;
    this.#teller = teller;
  }

  /** Waiting records after `after`, in order. */
  async read(lane: Lane, range: { after: number; limit: number; maxBytes: number }): Promise<JournalRecord[]> {
    const from = Math.max(range.after, lane.state.released) + 1;
    for (;;) {
      const entries = await this.#parts.index.entries(lane.name, from, lane.last, range.limit);
      const { records, missing } = await this.#readEntries(lane, withinBytes(entries, range.maxBytes));
      if (missing.length === 0) return records;
      for (const [first, lost] of Map.groupBy(missing, ({ segment }) => segment)) await this.#repair(lane, first, lost);
    }
  }

  /** Where the waiting records of a lane lie for which `predicate` holds. */
  async select(lane: Lane, predicate: (record: JournalRecord) => boolean): Promise<Entry[]> {
    const selected: Entry[] = [];
    for (let after = lane.state.released; ; ) {
      const records = await this.read(lane, { after, limit: 256, maxBytes: largestReadBytes });
      if (records.length === 0) return selected;
      const last = records.at(-1)!.seq;
      const chosen = new Set(records.filter(predicate).map(({ seq }) => seq));
      const entries = await this.#parts.index.entries(lane.name, after + 1, last, -1);
      selected.push(...entries.filter(({ seq }) => chosen.has(seq)));
      after = last;
    }
  }

  /** Takes what is damaged out of a segment, once it was told. */
  async takeOutDamage(lane: Lane, segment: Segment): Promise<void> {
    if (!segment.sealed) await lane.seal();
    await this.#eviction.rewrite(lane, segment);
  }

  async #repair(lane: Lane, first: number, missing: readonly Entry[]): Promise<void> {
    const segment = lane.segments.find((candidate) => candidate.first === first);
    if (segment === undefined) return this.#giveUp(lane, missing);
    if (!segment.sealed) await lane.seal();
    const { gaps } = await recoverSegment(segment, segment.last + 1, lane.state, this.#parts);
    if (gaps.length === 0) return;
    await this.#teller.tellLost(gaps);
    await this.takeOutDamage(lane, segment);
  }

  /** Their segment is gone from the folder. */
  async #giveUp(lane: Lane, missing: readonly Entry[]): Promise<void> {
    const gaps = missing.map(({ seq }) => ({ lane: lane.name, from: seq, to: seq, count: 1, reason: "damaged" }));
    await this.#teller.tellLost(gaps);
    await this.#parts.index.write(this.#parts.index.remove(lane.name, missing), true);
  }

  async #readEntries(lane: Lane, entries: readonly Entry[]): Promise<{ records: JournalRecord[]; missing: Entry[] }> {
    const records: JournalRecord[] = [];
    const missing: Entry[] = [];
    for (const run of runs(entries)) {
      const bytes = await this.#readRun(lane, run);
      for (const entry of run) {
        const at = entry.offset - run[0]!.offset;
        const record = decodeRecord(bytes, at, this.#parts.folder.seed(lane.name));
        if (record?.seq === entry.seq) records.push(asRecord(lane.name, record));
        else missing.push(entry);
      }
    }
    return { records, missing };
  }

  async #readRun(lane: Lane, run: readonly Entry[]): Promise<Buffer> {
    const segment = lane.segments.find(({ first }) => first === run[0]!.segment);
    if (segment === undefined) return Buffer.alloc(0);
    const last = run.at(-1)!;
    try {
      const file = await this.#parts.folder.openForReading(segment);
      const start = run[0]!.offset;
      return await readFully(file, start, last.offset + last.size - start).finally(() => file.close());
    } catch (error) {
      const sentence = `Expected to read lane "${lane.name}" at ${last.seq}, but got ${systemCode(error) ?? error}.`;
      throw new JournalError("unreadable", sentence, { cause: error });
    }
  }
}

function withinBytes(entries: readonly Entry[], maxBytes: number): readonly Entry[] {
  let bytes = 0;
  const end = entries.findIndex((entry, at) => {
    bytes += entry.size;
    return at > 0 && bytes > maxBytes;
  });
  return end === -1 ? entries : entries.slice(0, end);
}

/** Entries that one read fetches together: neighbours in a segment. */
function runs(entries: readonly Entry[]): Entry[][] {
  const all: Entry[][] = [];
  for (const entry of entries) {
    const run = all.at(-1);
    if (run !== undefined && continues(run, entry)) run.push(entry);
    else all.push([entry]);
  }
  return all;
}

function continues(run: readonly Entry[], entry: Entry): boolean {
  const last = run.at(-1)!;
  const hole = entry.offset - (last.offset + last.size);
  if (entry.segment !== last.segment || hole < 0 || hole > largestHoleBytes) return false;
  return entry.offset + entry.size - run[0]!.offset <= largestReadBytes;
}

function asRecord(lane: string, { seq, kind, at, priority, payload }: PlacedRecord): JournalRecord {
  return { lane, seq, kind, at, priority, payload };
}
