import { join } from "node:path";
import type { Receipt } from "@fieldloop/devices";
import { JournalError } from "@fieldloop/edge-runtime/journal";
import { type BlobStore, openBlobStore } from "./blobs/blob-store.ts";
import { decisionAppliers } from "./decision-list.ts";
import { HubError } from "./errors.ts";
import { decisionDrain, unknownKind } from "./inbox/decision-drain.ts";
import { Drain } from "./inbox/drain.ts";
import { readDrainCursor } from "./inbox/drain-cursor.ts";
import { type Inbox, openInbox } from "./inbox/inbox.ts";
import { PendingDecisions } from "./inbox/pending-decisions.ts";
import type { UplinkMessage } from "./ingest/broker.ts";
import { ingestDrain } from "./ingest/ingest-drain.ts";
import type { Db } from "./storage/db.ts";
import { openDb } from "./storage/open-db.ts";

/** Everything of a data folder that makes a thing durable before anybody is told. */
export type HubStorage = {
  readonly db: Db;
  readonly blobs: BlobStore;
  readonly inbox: Inbox;
  readonly drain: Drain;
  readonly decide: (kind: string, id: string, payload: unknown) => Promise<void>;
  /** Resolves once a device's message is safe; only then it may be acknowledged. */
  readonly store: (message: UplinkMessage) => Promise<void>;
  readonly backup: (file: string) => Promise<{ file: string; bytes: number; verified: true }>;
  readonly close: () => Promise<void>;
};

/** onReceipts: signed receipts that devices may have now · onError: what stopped the drain; it tries again by itself */
export type StorageOptions = {
  readonly dataDir: string;
  readonly fleet: string;
  readonly clock: () => number;
  readonly onReceipts: (receipts: readonly Receipt[]) => void;
  readonly onError: (error: unknown) => void;
};

const decisionLimitMs = 60_000;

/**
 * Opens a data folder's tables, blobs and inbox, and moves what waits in the inbox into the tables.
 * @throws {HubError} `hub-already-open`, `not-durable`, `schema-newer`
 */
export async function openStorage(options: StorageOptions): Promise<HubStorage> {
  const { dataDir, fleet, clock } = options;
  const inbox = await openInbox({ dir: join(dataDir, "inbox"), clock }).catch((cause: unknown) => {
    throw cause instanceof JournalError && cause.code === "already-open" ? alreadyOpen(dataDir, cause) : cause;
  });
  try {
    const db = await openDb(join(dataDir, "sql"));
    const blobs = await openBlobStore(join(dataDir, "blobs"));
    return assemble(options, { inbox, db, blobs, appliers: decisionAppliers(fleet) });
  } catch (error) {
    await inbox.close();
    throw error;
  }
}

type Parts = { inbox: Inbox; db: Db; blobs: BlobStore; appliers: ReturnType<typeof decisionAppliers> };

function assemble({ clock, onReceipts, onError }: StorageOptions, { inbox, db, blobs, appliers }: Parts): HubStorage {
  const pending = new PendingDecisions(decisionLimitMs);
  const { journal } = inbox;
  const lane = (name: "decisions" | "ingest", step: (after: number) => Promise<number>) => ({
    name,
    step,
    cursor: () => readDrainCursor(db, name, journal.epoch),
    lastSeq: () => journal.lastSeq(name),
  });
  const decisions = decisionDrain({
    journal,
    db,
    appliers,
    clock,
    onApplied: (id, outcome) => pending.settle(id, outcome),
  });
  const arrivals = ingestDrain({ journal, db, blobs, clock, onStored: onReceipts });
  const drain = new Drain([lane("decisions", decisions), lane("ingest", arrivals)], onError);
  drain.start();
  return {
    db,
    blobs,
    inbox,
    drain,
    async decide(kind, id, payload) {
      if (!(kind in appliers)) throw unknownKind(kind, appliers);
      await pending.decide(id, async () => {
        await inbox.note({ kind, id, at: clock(), payload });
        drain.wake();
      });
    },
    async store({ fleet, device, channel, payload }) {
      await inbox.store({ fleet, device, channel, payload, receivedAt: clock() });
      drain.wake();
    },
    backup: async (file) => {
      throw new HubError("bad-backup", `Cannot write ${file} yet.`);
    },
    async close() {
      await drain.stop();
      pending.close();
      await inbox.close();
      await db.close();
    },
  };
}

const alreadyOpen = (dataDir: string, cause: unknown): HubError =>
  new HubError(
    "hub-already-open",
    `Expected to be the only hub on ${dataDir}, another one has it; stop that one first.`,
    { cause },
  );
