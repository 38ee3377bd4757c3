import { rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { HubError } from "../errors.ts";
import type { Db } from "../storage/db.ts";
import { syncPath, syncTree } from "../storage/durable-tree.ts";
import { migrate, readMigrations } from "../storage/migrations.ts";
import { PgliteDb } from "../storage/pglite-db.ts";
import { newDatabase, templateOrUndefined } from "../storage/template.ts";
import { type ArchiveManifest, badBackup } from "./archive-manifest.ts";
import { chunkRows, eachEntry } from "./archive-reader.ts";

/**
 * Makes the database folder `dir` from a verified archive: the schema as it was, its rows, then what is newer in the schema.
 * other: what to do with entries that are no rows · returns the rows by table
 * @throws {HubError} `schema-newer`, `bad-backup`
 */
export async function restoreTables(
  archive: string,
  manifest: ArchiveManifest,
  dir: string,
  other: (name: string, bytes: Uint8Array) => Promise<void> = async () => undefined,
): Promise<Readonly<Record<string, number>>> {
  const draft = `${dir}.init`;
  await rm(draft, { recursive: true, force: true });
  const migrations = readMigrations();
  const known = knownMigrations(manifest, migrations);
  await newDatabase(draft, known, known.length === migrations.length ? await templateOrUndefined(known) : undefined);
  const db = await PgliteDb.open({ dir: draft });
  try {
    await eachEntry(archive, async (name, bytes) => {
      const table = /^tables\/(\w+)\//.exec(name)?.[1];
      if (table === undefined) return other(name, bytes);
      await db.copyIn(table, columnsOf(manifest, table), await chunkRows(bytes));
    });
    await finishSequences(db);
    await migrate(db, migrations);
    await requireRows(db, manifest);
    await db.query("analyze");
  } finally {
    await db.close();
  }
  await syncTree(draft);
  await rename(draft, dir);
  await syncPath(dirname(dir));
  return Object.fromEntries(Object.entries(manifest.tables).map(([table, { rows }]) => [table, rows]));
}

function knownMigrations(manifest: ArchiveManifest, migrations: ReturnType<typeof readMigrations>) {
  for (const { number, digest } of manifest.migrations) {
    if (migrations[number - 1]?.digest === digest) continue;
    const sentence = `Expected a backup of this hub's schema or an older one, but it has migration ${number} that this hub lacks; use a newer hub.`;
    throw new HubError("schema-newer", sentence);
  }
  return migrations.slice(0, manifest.migrations.length);
}

function columnsOf(manifest: ArchiveManifest, table: string): readonly string[] {
  const columns = manifest.tables[table]?.columns ?? [];
  if (columns.length > 0 && columns.every((column) => /^"\w+"$/.test(column))) return columns;
  throw badBackup(`its manifest does not name the columns of table ${table}`);
}

/** COPY writes identity columns as they were and leaves their sequences where they began. */
async function finishSequences(db: Db): Promise<void> {
  const { rows } = await db.query<{ table: string; column: string }>(
    `select table_name as table, column_name as column from information_schema.columns
     where table_schema = 'public' and is_identity = 'YES'`,
  );
  for (const { table, column } of rows) {
    await db.query(
      `select setval(pg_get_serial_sequence($1, $2), (select coalesce(max(${column}), 0) + 1 from ${table}), false)`,
      [table, column],
    );
  }
}

async function requireRows(db: Db, manifest: ArchiveManifest): Promise<void> {
  for (const [table, { rows }] of Object.entries(manifest.tables)) {
    const { rows: counted } = await db.query<{ n: number }>(`select count(*) as n from ${table}`);
    if (counted[0]?.n === rows) continue;
    throw badBackup(`table ${table} holds ${counted[0]?.n} rows after the restore where the manifest says ${rows}`);
  }
}
