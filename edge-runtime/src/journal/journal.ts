import type { JournalFs } from "./journal-fs.ts";

/**
 * When an append resolves: `each` as soon as the record is synced, `withinMs` after a sync at most that much later,
 * `none` once written (a power cut may lose it; its number is then never used again).
 */
export type SyncPolicy = "each" | { readonly withinMs: number } | "none";

/**
 * How one lane is kept.
 * reserveBytes: disk kept for this lane alone; the ceiling of a lane that is not evictable, the floor below which an
 * evictable one is not evicted · evictable: may lose records by value when space is short (default false) · sync: default `each`
 */
export interface LaneOptions {
  readonly reserveBytes?: number;
  readonly evictable?: boolean;
  readonly sync?: SyncPolicy;
}

/** What a caller appends; `payload` must not change until the append has resolved. at: milliseconds since 1970. */
export interface NewRecord {
  readonly kind: string;
  readonly at: number;
  readonly priority: number;
  readonly payload: Uint8Array;
}

/** One stored record; (epoch, lane, seq) names it for good. */
export interface JournalRecord extends NewRecord {
  readonly lane: string;
  readonly seq: number;
}

/**
 * Sequence numbers of a lane that will not come.
 * from, to: inclusive · count: how many of them held a record · reason: `quota`, `free-space`, `disk-full`, `damaged`,
 * `torn-tail`, `unsynced`, or what the caller of `evictWhere` said
 */
export interface Gap {
  readonly lane: string;
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly reason: string;
}

/** A gap record as the caller's schema wants it on the control lane. */
export type EncodeGap = (gap: Gap) => {
  readonly kind: string;
  readonly priority: number;
  readonly payload: Uint8Array;
};

/**
 * How a journal is opened.
 * quotaBytes: of all segments together, reserves included · freeSpaceFloorBytes: left free on the disk · segmentBytes:
 * default 8 MiB · encodeGap: makes evictions possible, told on lane `control` · clock: ms since 1970 · random: n bytes
 */
export interface JournalOptions {
  readonly dir: string;
  readonly lanes: Readonly<Record<string, LaneOptions>>;
  readonly quotaBytes?: number;
  readonly freeSpaceFloorBytes?: number;
  readonly segmentBytes?: number;
  readonly encodeGap?: EncodeGap;
  readonly onGap?: (gap: Gap) => void;
  readonly clock?: () => number;
  readonly random?: (bytes: number) => Uint8Array;
  readonly fs?: JournalFs;
}

/** What one lane holds: records appended and neither released nor evicted, and how many were evicted since creation. */
export interface LaneStats {
  readonly waiting: number;
  readonly waitingBytes: number;
  readonly evicted: number;
}

/** What opening found: torn bytes cut off, blocks that failed their checksum, whether the index was made anew. */
export interface RecoveryReport {
  readonly truncatedBytes: number;
  readonly damaged: readonly Gap[];
  readonly rebuiltIndex: boolean;
  readonly scannedSegments: number;
}

/** A durable, append-only, multi-lane journal. Lanes count from 1; a number is never used twice. */
export interface Journal {
  /** 16 hex digits, random at creation: part of every record's name. */
  readonly epoch: string;
  readonly recovery: RecoveryReport;
  /**
   * Stores one record by its lane's sync policy; records appended while a sync runs share the next one.
   * @throws {JournalError} `lane-full`, `quota-full`, `disk-full` (nothing stored, may be tried again), `write-failed`
   * (refuses until reopened), `too-large`, `bad-record`, `unknown-lane`, `closed`
   */
  append(lane: string, record: NewRecord): Promise<{ readonly seq: number }>;
  /** Stored records after `after` in sequence order, at least one if there is any; evicted ones are absent. */
  read(
    lane: string,
    range: { readonly after: number; readonly limit: number; readonly maxBytes: number },
  ): Promise<readonly JournalRecord[]>;
  /**
   * Gives up all records up to `upTo`, durably before it resolves; only a receipt (or a verified dump) may ask for it.
   * @throws {JournalError} `beyond-end` when `upTo` was never appended
   */
  release(lane: string, upTo: number): Promise<void>;
  /** Evicts every waiting record of a lane for which `predicate` holds, tells the gaps, and resolves with the count. */
  evictWhere(lane: string, predicate: (record: JournalRecord) => boolean, reason: string): Promise<number>;
  releasedUpTo(lane: string): number;
  /** The last stored sequence number, 0 before the first. */
  lastSeq(lane: string): number;
  stats(): { readonly lanes: Readonly<Record<string, LaneStats>>; readonly diskBytes: number };
  /** Calls `listener` after records of a lane were stored; returns the function that ends it. */
  onAppend(listener: (lane: string, lastSeq: number) => void): () => void;
  /** Resolves when everything appended before is on the disk, whatever its lane's policy. */
  sync(): Promise<void>;
  close(): Promise<void>;
}
