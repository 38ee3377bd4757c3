import { DiskSpace } from "./disk-space.ts";
import { JournalError } from "./errors.ts";
import { Eviction } from "./eviction.ts";
import type { Gap, Journal, JournalOptions, JournalRecord, LaneStats, NewRecord, RecoveryReport } from "./journal.ts";
import { Lane, type Shared, sizeOf } from "./lane.ts";
import { lackingBytes } from "./quota.ts";
import { type Entry, encodeGapNote } from "./record-index.ts";
import { readEntries } from "./record-reader.ts";
import { type RecoveredLane, type RecoveryParts, recoverSegment } from "./recovery.ts";
import type { Segment } from "./segment-file.ts";
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
  readonly #space: DiskSpace;
  readonly #eviction: Eviction;
  readonly #listeners = new Set<(lane: string, lastSeq: number) => void>();
  readonly #waiting = new Map<Lane, number>();
  readonly #recovered: ReadonlyMap<string, RecoveredLane>;
  #closed = false;

  constructor({ options, parts, segmentBytes, recovered, recovery }: Opened) {
    this.#options = options;
    this.#parts = parts;
    this.#recovered = recovered;
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
    const { dir, freeSpaceFloorBytes = 0, quotaBytes = Number.POSITIVE_INFINITY } = options;
    this.#space = new DiskSpace(parts.fs, dir, freeSpaceFloorBytes, this.#lanes.has("control"));
    const chunkBytes = Math.min(segmentBytes, quotaBytes / 8);
    this.#eviction = new Eviction(this.#shared, this.#lanes, (gaps) => this.#tell(gaps), chunkBytes);
  }

  /** Finishes evictions that a crash cut short, tells what recovery lost, and takes damaged blocks out of their segments. */
  async finishRecovery(): Promise<void> {
    await this.#eviction.finishTold();
    await this.#tellUntold();
    for (const [name, { damaged }] of this.#recovered) {
      for (const segment of damaged) await this.#takeOutDamage(this.#lanes.get(name)!, segment);
    }
  }

  async append(lane: string, record: NewRecord): Promise<{ readonly seq: number }> {
    const target = this.#lane(lane);
    checkRecord(record, this.#shared.segmentBytes);
    try {
      return await this.#admit(target, record);
    } catch (error) {
      if (!(error instanceof JournalError) || error.code !== "disk-full") throw error;
      await this.#turnstile.pass(() => this.#freeDisk(sizeOf(record), error));
      return this.#admit(target, record);
    }
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
    const target = this.#lane(lane);
    return this.#turnstile.pass(() => this.#evictWhere(target, predicate, reason));
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

  /** Records keep the order of their append calls: once one waits for room, later ones of its lane wait behind it. */
  async #admit(lane: Lane, record: NewRecord): Promise<{ readonly seq: number }> {
    if (this.#shared.failure !== undefined) throw this.#shared.failure;
    const size = sizeOf(record);
    const isCrowded = (this.#waiting.get(lane) ?? 0) > 0 || this.#lacking(lane, size) > 0;
    if (!isCrowded && !(lane.name !== "control" && this.#space.isDoubtful(size))) return lane.enqueue(record);
    this.#waiting.set(lane, (this.#waiting.get(lane) ?? 0) + 1);
    const admitted = this.#turnstile.pass(async () => {
      try {
        await this.#makeRoom(lane, size);
        return { stored: lane.enqueue(record) };
      } finally {
        this.#waiting.set(lane, this.#waiting.get(lane)! - 1);
      }
    });
    return (await admitted).stored;
  }

  #lacking(lane: Lane, size: number): number {
    return lackingBytes(lane, size, this.#lanes.values(), this.#options.quotaBytes);
  }

  async #makeRoom(lane: Lane, size: number): Promise<void> {
    if (lane.name !== "control" && this.#space.isDoubtful(0)) await this.#makeDiskRoom(size);
    for (let lacking = this.#lacking(lane, size); lacking > 0; lacking = this.#lacking(lane, size)) {
      const isCapped = lane.options.reserveBytes !== undefined && lane.options.evictable !== true;
      const freed = isCapped ? await this.#eviction.compact(lane) : await this.#eviction.free(lacking, "quota");
      if (freed > 0) continue;
      throw isCapped
        ? new JournalError(
            "lane-full",
            `Expected room in lane "${lane.name}", but its reserve of ${lane.options.reserveBytes} bytes is full.`,
          )
        : new JournalError(
            "quota-full",
            `Expected room for ${size} bytes, but the quota is full of what may not be evicted.`,
          );
    }
  }

  async #makeDiskRoom(size: number): Promise<void> {
    while (!(await this.#space.enough())) {
      if ((await this.#eviction.free(Math.max(size, this.#shared.segmentBytes), "free-space")) > 0) continue;
      const { dir } = this.#options;
      throw new JournalError(
        "disk-full",
        `Expected free space on the disk of ${dir}, but too little is left; free some.`,
      );
    }
  }

  /** The disk said that it is full: gives up the reserve, so that gaps can be told, and then the least valuable. */
  async #freeDisk(size: number, refused: JournalError): Promise<void> {
    const spent = await this.#space.spendReserve();
    const freed = await this.#eviction.free(Math.max(size, this.#shared.segmentBytes), "disk-full");
    if (!spent && freed === 0) throw refused;
  }

  async #read(lane: Lane, range: { after: number; limit: number; maxBytes: number }): Promise<JournalRecord[]> {
    const from = Math.max(range.after, lane.state.released) + 1;
    for (;;) {
      const entries = await this.#parts.index.entries(lane.name, from, lane.last, range.limit);
      const { records, missing } = await readEntries(this.#parts.folder, lane, withinBytes(entries, range.maxBytes));
      if (missing.length === 0) return records;
      for (const first of new Set(missing.map(({ segment }) => segment))) await this.#repair(lane, first);
    }
  }

  /** A record was not where the index says: reads its segment through, and tells what is lost for good. */
  async #repair(lane: Lane, first: number): Promise<void> {
    const segment = lane.segments.find((candidate) => candidate.first === first);
    if (segment === undefined) {
      throw new JournalError(
        "unreadable",
        `Expected segment ${first} of lane "${lane.name}", but it is gone; reopen the journal.`,
      );
    }
    if (!segment.sealed) await lane.seal();
    const { gaps } = await recoverSegment(segment, segment.last + 1, lane.state, this.#parts);
    if (gaps.length === 0) return;
    this.#parts.state.state.untold.push(...gaps);
    await this.#parts.state.save();
    await this.#tellUntold();
    await this.#takeOutDamage(lane, segment);
  }

  async #takeOutDamage(lane: Lane, segment: Segment): Promise<void> {
    if (!segment.sealed) await lane.seal();
    await this.#eviction.rewrite(lane, segment);
  }

  async #tellUntold(): Promise<void> {
    const { state } = this.#parts;
    const { untold } = state.state;
    if (untold.length === 0) return;
    const told = await this.#tell(untold);
    await this.#parts.index.write(told.map((seq) => this.#parts.index.gapDone(seq)));
    state.state.untold = [];
    await state.save();
  }

  async #evictWhere(lane: Lane, predicate: (record: JournalRecord) => boolean, reason: string): Promise<number> {
    const victims: Entry[] = [];
    for (let after = lane.state.released; ; ) {
      const entries = await this.#parts.index.entries(lane.name, after + 1, lane.last, 256);
      if (entries.length === 0) break;
      const { records } = await readEntries(this.#parts.folder, lane, entries);
      const chosen = new Set(records.filter(predicate).map(({ seq }) => seq));
      victims.push(...entries.filter(({ seq }) => chosen.has(seq)));
      after = entries.at(-1)!.seq;
    }
    if (victims.length > 0) await this.#eviction.evictFrom(lane, victims, reason);
    return victims.length;
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
      lane.resized();
      await index.write([index.unseal(first!)]);
    }
  }

  async #tell(gaps: readonly Gap[]): Promise<number[]> {
    const control = this.#lanes.get("control");
    const { encodeGap, onGap, clock = Date.now } = this.#options;
    const told =
      encodeGap === undefined || control === undefined
        ? []
        : await Promise.all(gaps.map((gap) => control.enqueue({ ...encodeGap(gap), at: clock() }, encodeGapNote(gap))));
    for (const gap of gaps) onGap?.(gap);
    return told.map(({ seq }) => seq);
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
