import type { Lane, RecordKind } from "@fieldloop/devices";
import { type Journal, JournalError } from "../journal/index.ts";

/** A record on its way to a lane; at: ms since 1970. */
export interface LaneRecord {
  readonly lane: Lane;
  readonly kind: RecordKind;
  readonly at: number;
  readonly priority: number;
  readonly payload: Uint8Array;
}

const mostRecords = 1024;
const mostBytes = 32 * 1024 * 1024;
const mostAttempts = 3;

/**
 * Writes records behind inference's back: never waits, never throws, holds a bounded number of records in memory, and
 * counts each one that the journal could not take, by lane and reason.
 */
export class LaneWriter {
  readonly #journal: Journal;
  readonly #onLost: (lane: Lane, reason: string) => void;
  readonly #writing = new Set<Promise<unknown>>();
  #bytes = 0;

  constructor(journal: Journal, onLost: (lane: Lane, reason: string) => void) {
    this.#journal = journal;
    this.#onLost = onLost;
  }

  /** Says whether one more record may be prepared; a frame to keep that finds it closed is counted as lost. */
  hasRoom(lane: Lane): boolean {
    const isOpen = this.#writing.size < mostRecords && this.#bytes < mostBytes;
    if (!isOpen) this.#onLost(lane, "journal-behind");
    return isOpen;
  }

  /** Counts a record that could not even be made. */
  lose(lane: Lane, reason: string): void {
    this.#onLost(lane, reason);
  }

  /**
   * Stores a record and resolves with whether it is stored.
   * onFull: asked when the lane's reserve is full; makes room and resolves with `undefined`, or with why the record goes
   */
  write(record: LaneRecord, onFull?: () => Promise<string | undefined>): Promise<boolean> {
    if (!this.hasRoom(record.lane)) return Promise.resolve(false);
    this.#bytes += record.payload.byteLength;
    return this.watch(this.#append(record, onFull).finally(() => (this.#bytes -= record.payload.byteLength)));
  }

  /** Counts work that will end in a record among what `settled` waits for. */
  watch<T>(work: Promise<T>): Promise<T> {
    const watched: Promise<unknown> = work.catch(() => undefined).finally(() => this.#writing.delete(watched));
    this.#writing.add(watched);
    return work;
  }

  /** Resolves once nothing is on its way. */
  async settled(): Promise<void> {
    while (this.#writing.size > 0) await Promise.all(this.#writing);
  }

  async #append({ lane, ...record }: LaneRecord, onFull?: () => Promise<string | undefined>): Promise<boolean> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#journal.append(lane, record);
        return true;
      } catch (error) {
        const code = error instanceof JournalError ? error.code : "write-failed";
        const isRepeated = code === "lane-full" && attempt <= mostAttempts && onFull !== undefined;
        const reason = isRepeated ? await onFull().catch(() => code) : code;
        if (reason === undefined) continue;
        this.#onLost(lane, reason);
        return false;
      }
    }
  }
}
