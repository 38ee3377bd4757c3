import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Receipt } from "@fieldloop/devices";
import { JournalError, type JournalFs } from "@fieldloop/edge-runtime/journal";
import { type BackupReport, writeBackup } from "../backup/backup.ts";
import { DumpFolder, type VerifiedDump } from "../backup/dump-folder.ts";
import { restoreTables } from "../backup/restore-tables.ts";
import { type BlobStore, openBlobStore } from "../blobs/blob-store.ts";
import { HubError } from "../errors.ts";
import type { Arrival } from "../inbox/arrival.ts";
import type { DecisionAppliers } from "../inbox/decision.ts";
import { decisionDrain, unknownKind } from "../inbox/decision-drain.ts";
import { Drain, type LaneStep } from "../inbox/drain.ts";
import { readDrainCursor } from "../inbox/drain-cursor.ts";
import { type Inbox, type InboxLane, inboxLanes, openInbox } from "../inbox/inbox.ts";
import { PendingDecisions } from "../inbox/pending-decisions.ts";
import { ingestDrain } from "../ingest/ingest-drain.ts";
import type { Db } from "./db.ts";
import { type OpenDbOptions, openDb } from "./open-db.ts";
import { tidy } from "./upkeep.ts";

/**
 * appliers: one per kind of decision · onStored: what may be acknowledged to devices, after the commit · onError: what the
 * drain or the upkeep ran into and will try again · segmentBytes, fs: of the inbox · dumpEveryMs, dumpAfterBytes: when the hub dumps by itself (daily, 2 GB)
 */
export interface HubStoreOptions {
  readonly dataDir: string;
  readonly appliers: DecisionAppliers;
  readonly onStored?: (receipts: readonly Receipt[]) => void;
  readonly onError?: (error: unknown) => void;
  readonly clock?: () => number;
  readonly dumpEveryMs?: number;
  readonly dumpAfterBytes?: number;
  readonly segmentBytes?: number;
  readonly fs?: JournalFs;
  readonly sql?: OpenDbOptions;
}

/** How the database folder came about where it was missing. replayed: inbox records moved into it since */
export interface Recovery {
  readonly dump: string | undefined;
  readonly dumpedRows: number;
  readonly replayed: Readonly<Record<InboxLane, number>>;
}

/** waiting: inbox records not yet in the tables, by lane · lastError: why the drain stands, if it does */
export interface StoreCounts {
  readonly waiting: Readonly<Record<InboxLane, number>>;
  readonly inboxBytes: number;
  readonly syncs: number;
  readonly reopened: number;
  readonly lastError: unknown;
}

const dayMs = 24 * 60 * 60 * 1000;
const upkeepEveryMs = 60_000;
const decisionLimitMs = 60_000;
const slowAboveRecords = 20_000;
const refuseAboveRecords = 200_000;

/**
 * Opens everything the hub keeps: inbox, tables, blobs. A missing database folder is made again from the newest verified dump
 * and the inbox; the returned store is up to date with both.
 * @throws {HubError} `hub-already-open`, `not-recoverable`, and what `openDb` throws
 */
export async function openHubStore(options: HubStoreOptions): Promise<HubStore> {
  const { dataDir, clock = Date.now } = options;
  const inbox = await openInboxAlone(dataDir, options);
  try {
    const dumps = new DumpFolder(join(dataDir, "dumps"));
    const restored = existsSync(join(dataDir, "sql")) ? undefined : await rebuild(dataDir, inbox, dumps, options);
    const blobs = await openBlobStore(join(dataDir, "blobs"));
    const db = await openDb(join(dataDir, "sql"), options.sql);
    try {
      const from = await drainedLanes(db, inbox);
      requireNoHole(inbox, from, "the database");
      const store = new HubStore({ ...options, clock }, { inbox, db, blobs, dumps });
      return restored === undefined ? store : await store.recover(restored, from);
    } catch (error) {
      await db.close();
      throw error;
    }
  } catch (error) {
    await inbox.close();
    throw error;
  }
}

async function openInboxAlone(dataDir: string, { clock, segmentBytes, fs }: HubStoreOptions): Promise<Inbox> {
  try {
    return await openInbox({ dir: join(dataDir, "inbox"), clock, segmentBytes, fs });
  } catch (cause) {
    if (!(cause instanceof JournalError) || cause.code !== "already-open") throw cause;
    const sentence = `Expected to be the only hub on ${dataDir}, but another process has it open; stop that one first.`;
    throw new HubError("hub-already-open", sentence, { cause });
  }
}

/** Makes the tables from the newest dump that reads back; without one the inbox alone must hold everything. */
async function rebuild(
  dataDir: string,
  inbox: Inbox,
  dumps: DumpFolder,
  { onError }: HubStoreOptions,
): Promise<{ dump: VerifiedDump | undefined } | undefined> {
  const dump = await dumps.newest((_, error) => onError?.(error));
  const isOfThisInbox = dump?.manifest.inbox.epoch === inbox.journal.epoch;
  requireNoHole(inbox, isOfThisInbox ? dump.manifest.inbox.drained : {}, "the newest dump that reads back");
  if (dump !== undefined) await restoreTables(dump.path, dump.manifest, join(dataDir, "sql"));
  const isNew = dump === undefined && inboxLanes.every((lane) => inbox.journal.lastSeq(lane) === 0);
  return isNew ? undefined : { dump };
}

/** What the inbox gave up must be held elsewhere: that is what a verified dump allowed it. */
function requireNoHole({ journal }: Inbox, held: Readonly<Partial<Record<string, number>>>, holder: string): void {
  for (const lane of inboxLanes) {
    const released = journal.releasedUpTo(lane);
    if (released <= (held[lane] ?? 0)) continue;
    throw new HubError(
      "not-recoverable",
      `Expected ${holder} to hold lane ${lane} up to ${released}, which the inbox gave up for a dump, but it holds ${held[lane] ?? 0}; put that dump back under dumps/ with sql/ removed, or restore a backup.`,
    );
  }
}

async function drainedLanes(db: Db, { journal }: Inbox): Promise<Record<InboxLane, number>> {
  return {
    decisions: await readDrainCursor(db, "decisions", journal.epoch),
    ingest: await readDrainCursor(db, "ingest", journal.epoch),
  };
}

type Parts = { readonly inbox: Inbox; readonly db: Db; readonly blobs: BlobStore; readonly dumps: DumpFolder };
type Settings = HubStoreOptions & { readonly clock: () => number };

/** Everything the hub keeps, open. */
export class HubStore {
  readonly db: Db;
  readonly blobs: BlobStore;
  readonly inbox: Inbox;
  /** Set when the database folder had to be made again. */
  recovery: Recovery | undefined;
  readonly #settings: Settings;
  readonly #dumps: DumpFolder;
  readonly #drains: Readonly<Record<InboxLane, Drain>>;
  readonly #pending = new PendingDecisions(decisionLimitMs);
  readonly #openedAt: number;
  readonly #timer: NodeJS.Timeout;
  #upkeep: Promise<unknown> = Promise.resolve();

  constructor(settings: Settings, { inbox, db, blobs, dumps }: Parts) {
    this.#settings = settings;
    this.inbox = inbox;
    this.db = db;
    this.blobs = blobs;
    this.#dumps = dumps;
    this.#openedAt = settings.clock();
    this.#drains = this.#makeDrains();
    this.#drains.decisions.start();
    // What was decided comes first: messages are read in its light (which release calls its classes what).
    void this.#drains.decisions.idle().then(() => this.#drains.ingest.start());
    inbox.journal.onAppend((lane) => this.#drains[lane as InboxLane].wake()); // the inbox has no other lanes
    this.#timer = setInterval(() => void this.upkeep().catch((error) => settings.onError?.(error)), upkeepEveryMs);
    this.#timer.unref();
  }

  /**
   * Takes in what a device sent: on the disk once it resolves. While the tables lag far behind, it is slow, then refuses.
   * @throws {HubError} `inbox-full`
   */
  async store(arrival: Arrival): Promise<void> {
    const { waiting } = this.#drains.ingest;
    if (waiting > refuseAboveRecords) {
      throw new HubError(
        "inbox-full",
        `Expected fewer than ${refuseAboveRecords} messages to wait for the tables, but ${waiting} do; the device keeps this one.`,
      );
    }
    if (waiting > slowAboveRecords) await delay(200);
    await this.inbox.store(arrival);
  }

  /**
   * Makes a decision durable, applies it to the tables, and resolves with what its applier returned; equal ids are applied
   * once and answered alike.
   * @throws {HubError} `unknown-decision`, `inbox-full`, `sql-lost`, `disk-full`, and what the applier refused it with
   */
  async decide(kind: string, id: string, payload: unknown): Promise<unknown> {
    if (this.#settings.appliers[kind] === undefined) throw unknownKind(kind, this.#settings.appliers);
    const decision = { id, kind, at: this.#settings.clock(), payload };
    return this.#pending.decide(id, () => this.inbox.note(decision));
  }

  /** Resolves when everything in the inbox is in the tables. */
  async idle(): Promise<void> {
    await Promise.all(inboxLanes.map((lane) => this.#drains[lane].idle()));
  }

  counts(): StoreCounts {
    const { syncs, reopened } = this.db.counts();
    const { decisions, ingest } = this.#drains;
    const waiting = { decisions: decisions.waiting, ingest: ingest.waiting };
    return {
      waiting,
      inboxBytes: this.inbox.journal.stats().diskBytes,
      syncs,
      reopened,
      lastError: decisions.lastError ?? ingest.lastError,
    };
  }

  /** Writes a verified dump and gives up what it covers of the inbox. */
  dump(): Promise<VerifiedDump> {
    return this.#alone(() => this.#dumps.dump(this.db, this.inbox.journal, this.#settings.clock()));
  }

  /** Dumps and tidies when it is time to; the store calls it every minute. Returns whether it did. */
  async upkeep(): Promise<boolean> {
    const { clock, dumpEveryMs = dayMs, dumpAfterBytes = 2 * 1024 ** 3 } = this.#settings;
    const lastAt = (await this.#dumps.lastAt()) ?? this.#openedAt;
    const isDue = clock() - lastAt >= dumpEveryMs || this.counts().inboxBytes >= dumpAfterBytes;
    if (!isDue) return false;
    await this.dump();
    await tidy(this.db);
    return true;
  }

  /** Writes tables, blobs and, sealed with a passphrase, keys to one file. @throws {HubError} `bad-backup`, `disk-full` */
  backup(file: string, passphrase?: string): Promise<BackupReport> {
    const { clock, dataDir } = this.#settings;
    const { db, blobs } = this;
    return this.#alone(() => writeBackup({ db, blobs, dataDir, file, createdAt: clock(), passphrase }));
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#upkeep.catch(() => undefined);
    await Promise.all(inboxLanes.map((lane) => this.#drains[lane].stop()));
    this.#pending.close();
    await this.db.close();
    await this.inbox.close();
  }

  /** Waits until a rebuilt database has caught up with the inbox, and says what it took. */
  async recover({ dump }: { dump: VerifiedDump | undefined }, from: Record<InboxLane, number>): Promise<this> {
    await this.idle();
    const count = (lane: InboxLane) => this.inbox.journal.lastSeq(lane) - Math.max(from[lane], 0);
    const rows = Object.values(dump?.manifest.tables ?? {}).reduce((sum, table) => sum + table.rows, 0);
    this.recovery = {
      dump: dump?.path,
      dumpedRows: rows,
      replayed: { decisions: count("decisions"), ingest: count("ingest") },
    };
    return this;
  }

  #makeDrains(): Readonly<Record<InboxLane, Drain>> {
    const { appliers, clock, onStored = () => undefined, onError = () => undefined } = this.#settings;
    const { journal } = this.inbox;
    const { db, blobs } = this;
    const onApplied = this.#pending.settle.bind(this.#pending);
    const onStuck = (error: unknown) => {
      if (error instanceof HubError && error.code === "disk-full") this.#pending.stall(error);
      onError(error);
    };
    const drain = (lane: InboxLane, step: LaneStep) => {
      const cursor = () => readDrainCursor(db, lane, journal.epoch);
      return new Drain({ cursor, lastSeq: () => journal.lastSeq(lane), step }, onStuck);
    };
    return {
      decisions: drain("decisions", decisionDrain({ journal, db, appliers, clock, onApplied })),
      ingest: drain("ingest", ingestDrain({ journal, db, blobs, clock, onStored })),
    };
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#upkeep.catch(() => undefined).then(work);
    this.#upkeep = result;
    return result;
  }
}
