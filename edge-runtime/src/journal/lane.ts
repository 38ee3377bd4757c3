import { JournalError, systemCode, writeError } from "./errors.ts";
import type { LaneOptions, NewRecord } from "./journal.ts";
import { type JournalFile, writeFully } from "./journal-fs.ts";
import { encodeRecord, type PlacedRecord, recordOverheadBytes } from "./record-format.ts";
import type { RecordIndex } from "./record-index.ts";
import type { Segment, SegmentFolder } from "./segment-file.ts";
import type { LaneState, StateFile } from "./state-file.ts";
import { Turnstile } from "./turnstile.ts";

/** Numbers leased at once: after a torn tail the lane goes on past the lease, so no number is ever used twice. */
export const leaseSize = 4096;

const largestGroupBytes = 4 * 1024 * 1024;

/** What the lanes of a journal share. */
export interface Shared {
  readonly folder: SegmentFolder;
  readonly index: RecordIndex;
  readonly state: StateFile;
  readonly segmentBytes: number;
  readonly nextOrder: () => number;
  readonly stored: (lane: string, lastSeq: number) => void;
  /** Set by the first failed sync; every later append is refused with it. */
  failure?: JournalError;
}

type Queued = NewRecord & {
  readonly note: string;
  readonly size: number;
  readonly resolve: (stored: { seq: number }) => void;
  readonly reject: (error: JournalError) => void;
};

/** One lane: a chain of segments, of which the last takes what is appended, in groups that share a write and a sync. */
export class Lane {
  readonly name: string;
  readonly options: LaneOptions;
  readonly state: LaneState;
  readonly segments: Segment[];
  /** The last number whose record is stored as the lane's policy wants. */
  last: number;
  queuedBytes = 0;
  readonly #shared: Shared;
  readonly #turnstile = new Turnstile();
  #earlierBytes = 0;
  #queue: Queued[] = [];
  #active: { readonly segment: Segment; readonly file: JournalFile } | undefined;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(name: string, options: LaneOptions, shared: Shared, state: LaneState, segments: Segment[]) {
    this.name = name;
    this.options = options;
    this.#shared = shared;
    this.state = state;
    this.segments = segments;
    this.last = state.last;
    this.resized();
  }

  /** Bytes of all segment files. */
  get bytes(): number {
    const last = this.segments.at(-1);
    return this.#earlierBytes + (last?.bytes ?? 0);
  }

  /** To be called after segments before the last were added, removed or rewritten. */
  resized(): void {
    this.#earlierBytes = this.segments.slice(0, -1).reduce((sum, segment) => sum + segment.bytes, 0);
  }

  /** Queues a record for the next group. note: what a gap record names */
  enqueue(record: NewRecord, note = ""): Promise<{ seq: number }> {
    const size = sizeOf(record, note);
    return new Promise((resolve, reject) => {
      this.#queue.push({ ...record, note, size, resolve, reject });
      this.queuedBytes += size;
      this.#schedule();
    });
  }

  /** Stores everything queued now without waiting for the lane's timer. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    do await this.#run();
    while (this.#queue.length > 0);
  }

  /** Syncs the active segment whatever the policy. */
  async sync(): Promise<void> {
    await this.flush();
    await this.#turnstile.pass(async () => {
      if (this.#active !== undefined) await this.#syncFile(this.#active.file, this.#active.segment);
    });
  }

  /** Ends the active segment, so that it may be rewritten or deleted. */
  async seal(): Promise<void> {
    await this.flush();
    await this.#turnstile.pass(() => this.#sealLast());
  }

  close(): Promise<void> {
    return this.#turnstile.pass(async () => {
      await this.#active?.file.close();
      this.#active = undefined;
    });
  }

  #schedule(): void {
    const { sync = "each" } = this.options;
    if (typeof sync !== "object" || this.queuedBytes >= 1024 * 1024) {
      void this.#run();
    } else {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        void this.#run();
      }, sync.withinMs);
    }
  }

  #run(): Promise<void> {
    this.#running ??= this.#turnstile
      .pass(() => this.#storeGroups())
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  async #storeGroups(): Promise<void> {
    while (this.#queue.length > 0) {
      const group = this.#takeGroup();
      try {
        const last = await this.#store(group);
        this.last = last;
        for (const [at, record] of group.entries()) record.resolve({ seq: last - group.length + 1 + at });
        this.#shared.stored(this.name, last);
      } catch (error) {
        const failure = writeError(error, `lane "${this.name}"`);
        for (const record of group) record.reject(failure);
      } finally {
        this.queuedBytes -= group.reduce((sum, { size }) => sum + size, 0);
      }
    }
  }

  #takeGroup(): Queued[] {
    const room = this.#shared.segmentBytes - (this.#active?.segment.bytes ?? 0);
    const limit = Math.min(largestGroupBytes, room > 0 ? room : this.#shared.segmentBytes);
    let bytes = 0;
    let count = 0;
    while (count < this.#queue.length && bytes < limit) bytes += this.#queue[count++]!.size;
    const group = this.#queue.slice(0, count);
    this.#queue = this.#queue.slice(count);
    return group;
  }

  async #store(group: readonly Queued[]): Promise<number> {
    if (this.#shared.failure !== undefined) throw this.#shared.failure;
    await this.#lease(this.last + group.length);
    const { segment, file } = await this.#writable();
    const { records, buffers } = this.#encode(group, segment);
    await this.#write(file, segment, buffers);
    if (this.options.sync !== "none") await this.#syncFile(file, segment);
    for (const record of records) segment.bytes += record.size;
    segment.last = this.last + group.length;
    segment.live += records.length;
    segment.liveBytes += records.reduce((sum, record) => sum + record.size, 0);
    await this.#enter(segment, records);
    return segment.last;
  }

  async #lease(upTo: number): Promise<void> {
    if (upTo <= this.state.leased) return;
    this.state.leased = upTo + leaseSize;
    await this.#shared.state.save();
  }

  async #writable(): Promise<{ readonly segment: Segment; readonly file: JournalFile }> {
    if (this.#active !== undefined && this.#active.segment.bytes >= this.#shared.segmentBytes) await this.#seal();
    this.#active ??= await this.#nextSegment();
    return this.#active;
  }

  async #nextSegment(): Promise<{ readonly segment: Segment; readonly file: JournalFile }> {
    const last = this.segments.at(-1);
    if (last !== undefined && !last.sealed && last.bytes < this.#shared.segmentBytes) {
      return { segment: last, file: await this.#shared.folder.openForAppend(last) };
    }
    if (last !== undefined && !last.sealed) await this.#sealSegment(last);
    const made = await this.#shared.folder.create(this.name, this.last + 1);
    this.segments.push(made.segment);
    this.resized();
    return made;
  }

  #encode(group: readonly Queued[], segment: Segment): { records: PlacedRecord[]; buffers: Uint8Array[] } {
    const seed = this.#shared.folder.seed(this.name);
    const buffers: Uint8Array[] = [];
    let offset = segment.bytes;
    const records = group.map((queued, at) => {
      const { kind, note, payload, priority, at: atMs, size } = queued;
      const record = {
        seq: this.last + 1 + at,
        order: this.#shared.nextOrder(),
        priority,
        at: atMs,
        kind,
        note,
        payload,
      };
      buffers.push(...encodeRecord(record, seed));
      const placed = { ...record, offset, size, dead: false };
      offset += size;
      return placed;
    });
    return { records, buffers };
  }

  async #write(file: JournalFile, segment: Segment, buffers: readonly Uint8Array[]): Promise<void> {
    try {
      await writeFully(file, buffers, segment.bytes);
    } catch (error) {
      const failure = writeError(error, `lane "${this.name}"`);
      if (failure.code !== "disk-full") this.#shared.failure = failure;
      await this.#cutBack(file, segment);
      throw failure;
    }
  }

  /** A sync that failed once says nothing when tried again, so nothing more is accepted until the journal is reopened. */
  async #syncFile(file: JournalFile, segment: Segment): Promise<void> {
    try {
      await file.datasync();
    } catch (error) {
      this.#shared.failure = lastingFailure(error, `a sync of lane "${this.name}"`);
      await this.#cutBack(file, segment);
      throw this.#shared.failure;
    }
  }

  async #cutBack(file: JournalFile, segment: Segment): Promise<void> {
    try {
      await file.truncate(segment.bytes);
    } catch (error) {
      this.#shared.failure ??= lastingFailure(error, `the end of lane "${this.name}"`);
    }
  }

  /** The records are stored already: a failing index only ends the journal's acceptance of more. */
  async #enter(segment: Segment, records: readonly PlacedRecord[]): Promise<void> {
    try {
      await this.#shared.index.write(this.#shared.index.put(segment, records));
    } catch (error) {
      this.#shared.failure = lastingFailure(error, `the index of lane "${this.name}"`);
    }
  }

  async #sealLast(): Promise<void> {
    const last = this.segments.at(-1);
    if (this.#active !== undefined) await this.#seal();
    else if (last !== undefined && !last.sealed) await this.#sealSegment(last);
  }

  async #seal(): Promise<void> {
    if (this.#active === undefined) return;
    const { segment, file } = this.#active;
    await this.#syncFile(file, segment);
    await file.close();
    this.#active = undefined;
    await this.#sealSegment(segment);
  }

  async #sealSegment(segment: Segment): Promise<void> {
    segment.sealed = true;
    await this.#shared.index.write([this.#shared.index.seal(segment)], true);
  }
}

/** Bytes that a record takes in its segment. */
export function sizeOf(record: NewRecord, note = ""): number {
  return recordOverheadBytes + Buffer.byteLength(record.kind) + Buffer.byteLength(note) + record.payload.byteLength;
}

function lastingFailure(error: unknown, what: string): JournalError {
  const sentence = `Expected ${what} to reach the disk, but got ${systemCode(error) ?? error}; close the journal and open it again.`;
  return new JournalError("write-failed", sentence, { cause: error });
}
