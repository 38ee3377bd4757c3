import { readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { Level } from "level";
import { JournalError, systemCode } from "./errors.ts";
import type { Gap } from "./journal.ts";
import { realFs, syncFolder } from "./journal-fs.ts";
import type { PlacedRecord } from "./record-format.ts";
import type { Segment } from "./segment-file.ts";

/** Where a waiting record lies. segment: the first number of its segment */
export interface Entry {
  readonly seq: number;
  readonly segment: number;
  readonly offset: number;
  readonly size: number;
  readonly priority: number;
  readonly order: number;
}

type Operation =
  | { readonly type: "put"; readonly key: string; readonly value: string }
  | { readonly type: "del"; readonly key: string };

const padded = (seq: number): string => String(seq).padStart(16, "0");
const recordKey = (lane: string, seq: number): string => `r/${lane}/${padded(seq)}`;
const sealKey = (segment: Pick<Segment, "lane" | "first">): string => `s/${segment.lane}/${padded(segment.first)}`;
const gapKey = (seq: number): string => `g/${padded(seq)}`;
const valueKey = (lane: string, entry: Entry): string =>
  `v/${sortable(entry.priority)}/${padded(entry.order)}/${lane}/${padded(entry.seq)}`;

/**
 * The `level` index over the segments: `r` where each waiting record lies, `v` the evictable ones by value, `s` which sealed
 * segments it covers, `g` gap records to be carried out again after a cut. Written after the segments and made from them again
 * when it is lost; its LOCK is the journal's.
 */
export class RecordIndex {
  readonly #db: Level<string, string>;
  readonly #evictable: ReadonlySet<string>;

  private constructor(db: Level<string, string>, evictable: ReadonlySet<string>) {
    this.#db = db;
    this.#evictable = evictable;
  }

  /**
   * Opens the index of a journal, or an empty one in place of one that will not open, which is set aside.
   * @throws {JournalError} `already-open`
   */
  static async open(dir: string, evictable: ReadonlySet<string>): Promise<{ index: RecordIndex; fresh: boolean }> {
    const path = join(dir, "index");
    const exists = await readdir(path).then(
      (names) => names.includes("CURRENT"),
      () => false,
    );
    try {
      return {
        index: new RecordIndex(exists ? await openLevel(path) : await createLevel(path), evictable),
        fresh: !exists,
      };
    } catch (error) {
      if (causes(error).includes("LEVEL_LOCKED")) throw lockedError(error, dir);
      await rename(path, `${path}.corrupt-${Date.now()}`);
      return { index: new RecordIndex(await createLevel(path), evictable), fresh: true };
    }
  }

  /** Enters stored records; gap records are remembered until {@link gapDone}. */
  put(segment: Segment, records: readonly PlacedRecord[]): Operation[] {
    return records.flatMap((record) => {
      const entry = { ...record, segment: segment.first };
      const value = `${segment.first} ${record.offset} ${record.size} ${record.priority} ${record.order}`;
      const operations: Operation[] = [{ type: "put", key: recordKey(segment.lane, record.seq), value }];
      if (this.#evictable.has(segment.lane)) {
        operations.push({ type: "put", key: valueKey(segment.lane, entry), value });
      }
      if (record.note !== "") operations.push({ type: "put", key: gapKey(record.seq), value: record.note });
      return operations;
    });
  }

  remove(lane: string, entries: readonly Entry[]): Operation[] {
    return entries.flatMap((entry) => {
      const operations: Operation[] = [{ type: "del", key: recordKey(lane, entry.seq) }];
      if (this.#evictable.has(lane)) operations.push({ type: "del", key: valueKey(lane, entry) });
      return operations;
    });
  }

  seal({ lane, first, generation, last, bytes, live, liveBytes }: Segment): Operation {
    return {
      type: "put",
      key: sealKey({ lane, first }),
      value: JSON.stringify({ generation, last, bytes, live, liveBytes }),
    };
  }

  unseal(segment: Segment): Operation {
    return { type: "del", key: sealKey(segment) };
  }

  gapDone(seq: number): Operation {
    return { type: "del", key: gapKey(seq) };
  }

  write(operations: readonly Operation[], sync = false): Promise<void> {
    return operations.length === 0 ? Promise.resolve() : this.#db.batch([...operations], { sync });
  }

  /** What was noted of a sealed segment, if the index covers it. */
  async sealed(
    segment: Pick<Segment, "lane" | "first">,
  ): Promise<Omit<Segment, "lane" | "first" | "sealed"> | undefined> {
    const value = await this.#db.get(sealKey(segment));
    // Written by seal() above.
    return value === undefined ? undefined : (JSON.parse(value) as Omit<Segment, "lane" | "first" | "sealed">);
  }

  /** Waiting records of a lane with `from` ≤ seq ≤ `to`, in order, at most `limit`. */
  async entries(lane: string, from: number, to: number, limit: number): Promise<Entry[]> {
    if (from > to) return [];
    const range = { gte: recordKey(lane, from), lte: recordKey(lane, Math.min(to, Number.MAX_SAFE_INTEGER)), limit };
    const found = await this.#db.iterator(range).all();
    return found.map(([key, value]) => decodeEntry(Number(key.slice(-16)), value));
  }

  /** Evictable records of all lanes, least valuable first and oldest first among equals. */
  async *byValue(): AsyncGenerator<{ readonly lane: string; readonly entry: Entry }> {
    for await (const [key, value] of this.#db.iterator({ gte: "v/", lt: "v0" })) {
      const [, , , lane, seq] = key.split("/");
      yield { lane: lane!, entry: decodeEntry(Number(seq), value) };
    }
  }

  /** Gap records whose evictions may have been cut short, with the range that each names. */
  async gaps(): Promise<{ seq: number; gap: Pick<Gap, "lane" | "from" | "to"> }[]> {
    const found = await this.#db.iterator({ gte: "g/", lt: "g0" }).all();
    return found.map(([key, value]) => ({ seq: Number(key.slice(2)), gap: decodeGapNote(value) }));
  }

  close(): Promise<void> {
    return this.#db.close();
  }
}

/** The note that a gap record carries beside the caller's payload, so that its eviction can be carried out again. */
export function encodeGapNote({ lane, from, to }: Gap): string {
  return `${lane} ${from} ${to}`;
}

function decodeGapNote(note: string): Pick<Gap, "lane" | "from" | "to"> {
  const [lane, from, to] = note.split(" ");
  return { lane: lane!, from: Number(from), to: Number(to) };
}

function decodeEntry(seq: number, value: string): Entry {
  const [segment, offset, size, priority, order] = value.split(" ").map(Number);
  return { seq, segment: segment!, offset: offset!, size: size!, priority: priority!, order: order! };
}

/** 16 hex digits that sort like the number itself. */
function sortable(value: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  const flip = bytes[0]! >= 0x80 ? 0xff : 0;
  if (flip === 0) bytes[0] = 0x80 | bytes[0]!;
  return Buffer.from(bytes.map((byte) => byte ^ flip)).toString("hex");
}

async function openLevel(path: string): Promise<Level<string, string>> {
  const db = new Level<string, string>(path, { compression: false, cacheSize: 2 * 1024 * 1024 });
  await db.open();
  return db;
}

/** LevelDB closes the first MANIFEST unsynced: a cut soon after leaves a database that cannot be opened. */
async function createLevel(path: string): Promise<Level<string, string>> {
  await (await openLevel(path)).close();
  for (const name of await readdir(path)) {
    const file = await realFs.open(join(path, name), "r");
    await file.sync().finally(() => file.close());
  }
  await syncFolder(realFs, path);
  await syncFolder(realFs, join(path, ".."));
  return openLevel(path);
}

function causes(error: unknown): string[] {
  const codes: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) codes.push(systemCode(at) ?? "");
  return codes;
}

function lockedError(error: unknown, dir: string): JournalError {
  const message = `Expected ${dir} to be free, but a journal there is open already; close that one first.`;
  return new JournalError("already-open", message, { cause: error });
}
