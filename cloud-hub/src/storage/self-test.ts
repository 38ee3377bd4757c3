import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { HubError } from "../errors.ts";
import { sharedWords } from "./durable-fs.ts";
import { copyTree } from "./durable-tree.ts";
import { PgliteDb } from "./pglite-db.ts";
import { newCounts } from "./worker-link.ts";

/** What the proof rests on beside the database's packages, which name the template. */
const provenSources = ["durable-fs", "pglite-worker"].map((name) =>
  join(import.meta.dirname, `${name}${extname(import.meta.filename)}`),
);
const passed = new Map<string, Promise<void>>();

/**
 * Proves on a scratch copy of a database folder that a commit syncs and that a failed sync rejects it: once for each Node,
 * PGlite and file system layer where the template is kept between starts, else once per process.
 * template: a folder of the template cache, or undefined · database: what is copied without one · scratchParent: where the copy
 * is made and removed
 * @throws {HubError} `not-durable`
 */
export function proveDurable(template: string | undefined, database: string, scratchParent: string): Promise<void> {
  const subject = template ?? database;
  const known = passed.get(subject);
  if (known !== undefined) return known;
  const proof = template === undefined ? prove(database, scratchParent) : proveOnce(template, scratchParent);
  passed.set(subject, proof);
  proof.catch(() => passed.delete(subject));
  return proof;
}

async function proveOnce(template: string, scratchParent: string): Promise<void> {
  const key = createHash("sha256").update(JSON.stringify([process.version, process.arch, process.platform]));
  for (const source of provenSources) key.update(await readFile(source));
  const mark = `${template}.proven-${key.digest("hex").slice(0, 20)}`;
  if (existsSync(mark)) return;
  await prove(template, scratchParent);
  await writeFile(mark, "");
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
