import { JournalError } from "./errors.ts";
import type { Gap, Journal, JournalOptions, JournalRecord, LaneStats, NewRecord, RecoveryReport } from "./journal.ts";
import { Lane, type Shared, sizeOf } from "./lane.ts";
import { type Entry, encodeGapNote } from "./record-index.ts";
import { readEntries } from "./record-reader.ts";
import type { RecoveredLane, RecoveryParts } from "./recovery.ts";
import { Turnstile } from "./turnstile.ts";

interface Opened {
  readonly options: JournalOptions;
  readonly parts: RecoveryParts;
  readonly segmentBytes: number;
  readonly recovered: ReadonlyMap<string, RecoveredLane>;
  readonly recovery: RecoveryReport;
}

/** The journal of {@link openJournal}: lanes append side by side; reading, releasing and evicting take turns. */
export class DurableJournal implements Journal {
  readonly epoch: string;
  readonly recovery: RecoveryReport;
  readonly #options: JournalOptions;
  readonly #parts: RecoveryParts;
  readonly #shared: Shared;
  readonly #lanes = new Map<string, Lane>();
  readonly #turnstile = new Turnstile();
  readonly #listeners = new Set<(lane: string, lastSeq: number) => void>();
  #closed = false;

  constructor({ options, parts, segmentBytes, recovered, recovery }: Opened) {
    this.#options = options;
    this.#parts = parts;
    this.epoch = parts.state.state.epoch;
    this.recovery = recovery;
    let order = Math.max(0, ...[...recovered.values()].map(({ highestOrder }) => highestOrder));
    this.#shared = {
      folder: parts.folder,
      index: parts.index,
      state: parts.state,
      segmentBytes,
      nextOrder: () => {
        order += 1;
        return order;
      },
      stored: (lane, lastSeq) => {
        for (const listener of this.#listeners) listener(lane, lastSeq);
      },
    };
    for (const [name, { segments }] of recovered) {
      const state = parts.state.state.lanes[name]!;
      this.#lanes.set(name, new Lane(name, options.lanes[name]!, this.#shared, state, segments));
    }
  }

  /** Tells the gaps that recovery found. */
  async finishRecovery(): Promise<void> {
    const { state } = this.#parts;
    await this.#tell(state.state.untold);
    if (state.state.untold.length === 0) return;
    state.state.untold = [];
    await state.save();
  }

  async append(lane: string, record: NewRecord): Promise<{ readonly seq: number }> {
    const target = this.#lane(lane);
    checkRecord(record, this.#shared.segmentBytes);
    return target.enqueue(record);
  }

  read(lane: string, range: { readonly after: number; readonly limit: number; readonly maxBytes: number }) {
    const target = this.#lane(lane);
    return this.#turnstile.pass(() => this.#read(target, range));
  }

  release(lane: string, upTo: number): Promise<void> {
    const target = this.#lane(lane);
    return this.#turnstile.pass(() => this.#release(target, upTo));
  }

  evictWhere(lane: string, predicate: (record: JournalRecord) => boolean, reason: string): Promise<number> {
    throw new JournalError("bad-option", `${lane} ${reason} ${predicate.name}`);
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

  onAppend(listener: (lane: string, lastSeq: number) => void): () => void {
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
    await Promise.all(lanes.map((lane) => lane.sync())).catch(() => undefined);
    await this.#turnstile.pass(async () => {
      for (const lane of lanes) await lane.close();
      await this.#noteClosed(lanes);
      await this.#parts.index.close();
    });
  }

  async #noteClosed(lanes: readonly Lane[]): Promise<void> {
    if (this.#shared.failure !== undefined) return;
    for (const lane of lanes) lane.state.last = lane.last;
    this.#parts.state.state.clean = true;
    await this.#parts.state.save();
  }

  async #read(lane: Lane, range: { after: number; limit: number; maxBytes: number }): Promise<JournalRecord[]> {
    const from = Math.max(range.after, lane.state.released) + 1;
    const entries = await this.#parts.index.entries(lane.name, from, lane.last, range.limit);
    return readEntries(this.#parts.folder, lane, withinBytes(entries, range.maxBytes));
  }

  async #release(lane: Lane, upTo: number): Promise<void> {
    if (upTo > lane.last) {
      const sentence = `Expected a release of lane "${lane.name}" up to at most ${lane.last}, but got ${upTo}; nothing was released.`;
      throw new JournalError("beyond-end", sentence);
    }
    if (upTo <= lane.state.released) return;
    const from = lane.state.released + 1;
    lane.state.released = upTo;
    lane.state.last = lane.last;
    await this.#parts.state.save();
    await this.#forget(lane, from, upTo);
    await this.#dropReleased(lane);
  }

  async #forget(lane: Lane, from: number, upTo: number): Promise<void> {
    const { index } = this.#parts;
    const bySegment = new Map(lane.segments.map((segment) => [segment.first, segment]));
    for (;;) {
      const entries = await index.entries(lane.name, from, upTo, 1000);
      if (entries.length === 0) return;
      await index.write(index.remove(lane.name, entries));
      for (const entry of entries) uncount(bySegment.get(entry.segment), entry);
      from = entries.at(-1)!.seq + 1;
    }
  }

  async #dropReleased(lane: Lane): Promise<void> {
    const { index, folder } = this.#parts;
    while (lane.segments.length > 0) {
      const [first] = lane.segments;
      if (!first!.sealed || first!.last > lane.state.released) return;
      await folder.delete(first!);
      lane.segments.shift();
      await index.write([index.unseal(first!)]);
    }
  }

  async #tell(gaps: readonly Gap[]): Promise<void> {
    const control = this.#lanes.get("control");
    const { encodeGap, onGap, clock = Date.now } = this.#options;
    if (encodeGap !== undefined && control !== undefined) {
      await Promise.all(gaps.map((gap) => control.enqueue({ ...encodeGap(gap), at: clock() }, encodeGapNote(gap))));
    }
    for (const gap of gaps) onGap?.(gap);
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

function withinBytes(entries: readonly Entry[], maxBytes: number): readonly Entry[] {
  let bytes = 0;
  const end = entries.findIndex((entry, at) => {
    bytes += entry.size;
    return at > 0 && bytes > maxBytes;
  });
  return end === -1 ? entries : entries.slice(0, end);
}
