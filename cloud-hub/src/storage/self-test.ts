import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { HubError } from "../errors.ts";
import { sharedWords } from "./durable-fs.ts";
import { copyTree } from "./durable-tree.ts";
import { PgliteDb } from "./pglite-db.ts";
import { newCounts } from "./worker-link.ts";

const passed = new Map<string, Promise<void>>();

/**
 * Proves on a scratch copy of a database folder that a commit syncs and that a failed sync rejects it, once per process.
 * scratchParent: where the copy is made and removed
 * @throws {HubError} `not-durable`
 */
export function proveDurable(template: string, scratchParent: string): Promise<void> {
  const known = passed.get(template);
  if (known !== undefined) return known;
  const proof = prove(template, scratchParent);
  passed.set(template, proof);
  proof.catch(() => passed.delete(template));
  return proof;
}

/** Asserts that one commit on this very database reached the disk. @throws {HubError} `not-durable` */
export async function requireSyncedCommit(db: PgliteDb): Promise<void> {
  const before = db.counts().syncs;
  await db.query("create table if not exists self_test (at bigint not null)");
  await db.tx(async (session) => {
    await session.query("delete from self_test");
    await session.query("insert into self_test values ($1)", [Date.now()]);
  });
  if (db.counts().syncs > before) return;
  throw notDurable("a commit was answered without a sync");
}

async function prove(template: string, scratchParent: string): Promise<void> {
  const scratch = await mkdtemp(join(scratchParent, ".self-test-"));
  try {
    const dir = join(scratch, "sql");
    await copyTree(template, dir);
    const counts = newCounts();
    const db = await PgliteDb.open({ dir, counts, limitMs: 60_000 });
    try {
      await requireSyncedCommit(db);
      Atomics.store(counts, sharedWords.failSyncs, 1);
      await requireRejected(db);
    } finally {
      await db.kill();
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function requireRejected(db: PgliteDb): Promise<void> {
  try {
    await db.query("insert into self_test values ($1)", [Date.now()]);
  } catch {
    return;
  }
  throw notDurable("a commit whose sync failed was answered as done");
}

const notDurable = (why: string): HubError =>
  new HubError(
    "not-durable",
    `Expected the database to sync what it acknowledges, but ${why}; the hub will not start on it.`,
  );
