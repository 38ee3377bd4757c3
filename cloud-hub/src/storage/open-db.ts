import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { Db } from "./db.ts";
import { syncPath } from "./durable-tree.ts";
import { lockFolder } from "./folder-lock.ts";
import { migrate, readMigrations } from "./migrations.ts";
import { PgliteDb } from "./pglite-db.ts";
import { proveDurable, requireSyncedCommit } from "./self-test.ts";
import { newDatabase, templateOrUndefined } from "./template.ts";

/** cacheDir: where prepared databases are kept · limitMs: the longest that one statement may take */
export interface OpenDbOptions {
  readonly cacheDir?: string;
  readonly limitMs?: number;
}

/**
 * Opens the hub's database in `dir`, or makes it: locked against a second process, proven to sync, migrated.
 * @throws {HubError} `hub-already-open`, `not-durable`, `schema-newer`, `bad-migration`, `sql-lost`, `disk-full`
 */
export async function openDb(dir: string, options: OpenDbOptions = {}): Promise<Db> {
  const parent = dirname(dir);
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const lock = await lockFolder(`${dir}.lock`);
  try {
    const migrations = readMigrations();
    const template = await templateOrUndefined(migrations, options.cacheDir);
    if (!existsSync(dir)) await makeInitialTree(dir, migrations, template);
    await proveDurable(template, dir, parent);
    const db = await PgliteDb.open({ dir, limitMs: options.limitMs });
    try {
      await migrate(db, migrations);
      await requireSyncedCommit(db);
    } catch (error) {
      await db.kill();
      throw error;
    }
    return releasing(db, lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** A folder is complete before it carries its name, for a database that was cut off while being made cannot be opened. */
async function makeInitialTree(
  dir: string,
  migrations: ReturnType<typeof readMigrations>,
  template: string | undefined,
): Promise<void> {
  const draft = `${dir}.init`;
  await rm(draft, { recursive: true, force: true });
  await newDatabase(draft, migrations, template);
  await rename(draft, dir);
  await syncPath(dirname(dir));
}

function releasing(db: PgliteDb, lock: { release(): Promise<void> }): Db {
  const close = db.close.bind(db);
  db.close = async () => {
    await close();
    await lock.release();
  };
  return db;
}
