import { Admission } from "./admission.ts";
import { DiskSpace } from "./disk-space.ts";
import { JournalError, writeError } from "./errors.ts";
import { Eviction } from "./eviction.ts";
import { GapTeller } from "./gap-teller.ts";
import type { Journal, JournalOptions, JournalRecord, LaneStats, NewRecord, RecoveryReport } from "./journal.ts";
import { Lane, type Shared, sizeOf } from "./lane.ts";
import type { Entry } from "./record-index.ts";
import { RecordReader } from "./record-reader.ts";
import type { RecoveredLane, RecoveryParts } from "./recovery.ts";
import { Turnstile } from "./turnstile.ts";

interface Opened {
  readonly options: JournalOptions;
  readonly parts: RecoveryParts;
  readonly segmentBytes: number;
  readonly recovered: ReadonlyMap<string, RecoveredLane>;
  readonly recovery: RecoveryReport;
}

type Listener = (lane: string, lastSeq: number) => void;

/** The journal of {@link openJournal}: lanes append side by side; reading, releasing and evicting take turns. */
export class DurableJournal implements Journal {
  readonly epoch: string;
  readonly recovery: RecoveryReport;
  readonly #parts: RecoveryParts;
  readonly #shared: Shared;
  readonly #lanes = new Map<string, Lane>();
  readonly #turnstile = new Turnstile();
  readonly #listeners = new Set<Listener>();
  readonly #teller: GapTeller;
  readonly #eviction: Eviction;
  readonly #reader: RecordReader;
  readonly #admission: Admission;
  #closed = false;

  constructor({ options, parts, segmentBytes, recovered, recovery }: Opened) {
    this.#parts = parts;
    this.epoch = parts.state.state.epoch;
    this.recovery = recovery;
    this.#shared = {
      ...parts,
      segmentBytes,
      nextOrder: counter(recovered),
      stored: (...stored) => this.#notify(...stored),
    };
    for (const [name, { segments }] of recovered) {
      const state = parts.state.state.lanes[name]!;
      this.#lanes.set(name, new Lane(name, options.lanes[name]!, this.#shared, state, segments));
    }
    const { dir, freeSpaceFloorBytes = 0, quotaBytes = Number.POSITIVE_INFINITY } = options;
    const space = new DiskSpace(parts.fs, dir, freeSpaceFloorBytes, this.#lanes.has("control"));
    this.#teller = new GapTeller(options, this.#lanes.get("control"), parts.index, parts.state);
    const chunkBytes = Math.min(segmentBytes, quotaBytes / 8);
    this.#eviction = new Eviction(this.#shared, this.#lanes, (gaps) => this.#teller.tell(gaps), chunkBytes);
    this.#reader = new RecordReader(parts, this.#eviction, this.#teller);
    const [shared, lanes, turnstile, eviction] = [this.#shared, this.#lanes, this.#turnstile, this.#eviction];
    this.#admission = new Admission({ options, shared, lanes, turnstile, space, eviction });
  }

  /** Finishes evictions that a crash cut short, tells what recovery lost, and takes damaged blocks out of their segments. */
  async finishRecovery(recovered: ReadonlyMap<string, RecoveredLane>): Promise<void> {
    await this.#eviction.finishTold();
    await this.#teller.tellUntold();
    for (const [name, { damaged }] of recovered) {
      for (const segment of damaged) await this.#reader.takeOutDamage(this.#lane(name), segment);
    }
  }

  async append(lane: string, record: NewRecord): Promise<{ readonly seq: number }> {
    const target = this.#lane(lane);
    checkRecord(record, this.#shared.segmentBytes);
    return this.#admission.append(target, record).catch((error: unknown) => {
      throw writeError(error, `lane "${lane}"`);
    });
  }

  async read(
    lane: string,
    range: { readonly after: number; readonly limit: number; readonly maxBytes: number },
  ): Promise<readonly JournalRecord[]> {
    const target = this.#lane(lane);
    return this.#inTurn(() => this.#reader.read(target, range));
  }

  async release(lane: string, upTo: number): Promise<void> {
    const target = this.#lane(lane);
    return this.#inTurn(() => this.#release(target, upTo));
  }

  async evictWhere(lane: string, predicate: (record: JournalRecord) => boolean, reason: string): Promise<number> {
    const target = this.#lane(lane);
    return this.#inTurn(async () => {
      const victims = await this.#reader.select(target, predicate);
      if (victims.length > 0) await this.#eviction.evictFrom(target, victims, reason);
      return victims.length;
    });
  }

  releasedUpTo(lane: string): number {
    return this.#lane(lane).state.released;
  }

  lastSeq(lane: string): number {
    return this.#lane(lane).last;
  }

  stats(): { readonly lanes: Readonly<Record<string, LaneStats>>; readonly diskBytes: number } {
    const lanes = [...this.#lanes.values()];
    return {
      lanes: Object.fromEntries(lanes.map((lane) => [lane.name, statsOf(lane)])),
      diskBytes: lanes.reduce((sum, lane) => sum + lane.bytes, 0),
    };
  }

  onAppend(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async sync(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map((lane) => lane.sync()));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const lanes = [...this.#lanes.values()];
    await Promise.allSettled(lanes.map((lane) => lane.sync()));
    await this.#turnstile.pass(async () => {
      try {
        await Promise.all(lanes.map((lane) => lane.close()));
        await this.#noteClosed(lanes);
      } finally {
        await this.#parts.index.close();
      }
    });
  }

  async #noteClosed(lanes: readonly Lane[]): Promise<void> {
    if (this.#shared.failure !== undefined) return;
    for (const lane of lanes) lane.state.last = lane.last;
    this.#parts.state.state.clean = true;
    await this.#parts.state.save();
  }

  async #release(lane: Lane, upTo: number): Promise<void> {
    if (!(upTo <= lane.last)) {
      const sentence = `Expected a release of lane "${lane.name}" up to at most ${lane.last}, but got ${upTo}; nothing was released.`;
      throw new JournalError("beyond-end", sentence);
    }
    if (upTo <= lane.state.released) return;
    const before = lane.state.released;
    lane.state.released = upTo;
    lane.state.last = lane.last;
    try {
      await this.#parts.state.save();
    } catch (error) {
      lane.state.released = before;
      throw error;
    }
    await this.#forget(lane, before + 1, upTo);
    await this.#dropReleased(lane);
  }

  async #forget(lane: Lane, from: number, upTo: number): Promise<void> {
    const { index } = this.#parts;
    const bySegment = new Map(lane.segments.map((segment) => [segment.first, segment]));
    for (let next = from; ; ) {
      const entries = await index.entries(lane.name, next, upTo, 1000);
      if (entries.length === 0) return;
      await index.write(index.remove(lane.name, entries));
      for (const entry of entries) uncount(bySegment.get(entry.segment), entry);
      next = entries.at(-1)!.seq + 1;
    }
  }

  async #dropReleased(lane: Lane): Promise<void> {
    const { index, folder } = this.#parts;
    for (;;) {
      const first = lane.segments[0];
      if (first === undefined || !first.sealed || first.last > lane.state.released) return;
      await folder.delete(first);
      lane.segments.shift();
      lane.resized();
      await index.write([index.unseal(first)]);
    }
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    return this.#turnstile.pass(task).catch((error: unknown) => {
      throw writeError(error, "the journal");
    });
  }

  #notify(lane: string, lastSeq: number): void {
    for (const listener of this.#listeners) listener(lane, lastSeq);
  }

  #lane(name: string): Lane {
    if (this.#closed) throw new JournalError("closed", "Expected an open journal, but it was closed; open it again.");
    const lane = this.#lanes.get(name);
    if (lane === undefined) {
      const known = [...this.#lanes.keys()].join(", ");
      throw new JournalError("unknown-lane", `Expected one of the lanes ${known}, but got "${name}".`);
    }
    return lane;
  }
}

/** Numbers records across lanes, so that "oldest first" means the same in all of them. */
function counter(recovered: ReadonlyMap<string, RecoveredLane>): () => number {
  let order = Math.max(0, ...[...recovered.values()].map(({ highestOrder }) => highestOrder));
  return () => {
    order += 1;
    return order;
  };
}

function checkRecord(record: NewRecord, segmentBytes: number): void {
  const size = sizeOf(record);
  if (size > segmentBytes) {
    throw new JournalError(
      "too-large",
      `Expected a record of at most ${segmentBytes} bytes, but got ${size}; store a reference.`,
    );
  }
  if (Buffer.byteLength(record.kind) > 255 || !Number.isFinite(record.priority) || !Number.isFinite(record.at)) {
    const got = `"${record.kind}", ${record.priority}, ${record.at}`;
    throw new JournalError(
      "bad-record",
      `Expected a kind of at most 255 bytes and finite priority and time, but got ${got}.`,
    );
  }
}

function statsOf(lane: Lane): LaneStats {
  return {
    waiting: lane.segments.reduce((sum, segment) => sum + segment.live, 0),
    waitingBytes: lane.segments.reduce((sum, segment) => sum + segment.liveBytes, 0),
    evicted: lane.state.evicted,
  };
}

function uncount(segment: { live: number; liveBytes: number } | undefined, entry: Entry): void {
  if (segment === undefined) return;
  segment.live -= 1;
  segment.liveBytes -= entry.size;
}
