import { rm } from "node:fs/promises";
import type { Db, SqlSession } from "../storage/db.ts";
import { type ArchiveManifest, encodeManifest } from "./archive-manifest.ts";
import { compress, countRows, verifyArchive } from "./archive-reader.ts";
import { ArchiveWriter } from "./archive-writer.ts";

const pagesPerChunk = 1024;
/** Tables that belong to the database itself and not to what the hub was told. */
const ownTables = new Set(["schema_migrations", "self_test"]);

/** What a dump or backup holds beside the tables is added by `more`, before the manifest. */
export interface DumpOptions {
  readonly db: Db;
  readonly path: string;
  readonly kind: ArchiveManifest["kind"];
  readonly createdAt: number;
  readonly more?: (archive: ArchiveWriter) => Promise<ArchiveManifest["secrets"]>;
}

/**
 * Writes all tables as they stand at one moment to `path` and reads the file back before it returns; the database waits
 * meanwhile.
 * @throws {HubError} `bad-backup` when what was written does not read back
 */
export async function writeDump({ db, path, kind, createdAt, more }: DumpOptions): Promise<ArchiveManifest> {
  const archive = new ArchiveWriter(path);
  try {
    const tables = await db.tx((session) => writeTables(session, archive));
    const secrets = (await more?.(archive)) ?? "none";
    const manifest: ArchiveManifest = { v: 1, kind, createdAt, ...tables, secrets, entries: [...archive.entries] };
    await archive.add("manifest", encodeManifest(manifest));
    await archive.finish();
  } catch (error) {
    await archive.abandon();
    throw error;
  }
  try {
    return await verifyArchive(path);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

async function writeTables(
  session: SqlSession,
  archive: ArchiveWriter,
): Promise<Pick<ArchiveManifest, "migrations" | "inbox" | "tables">> {
  const tables: ArchiveManifest["tables"] = {};
  for (const [table, columns] of await tableColumns(session)) {
    tables[table] = { columns, rows: await writeTable(session, archive, table, columns) };
  }
  const migrations = await session.query<{ number: number; digest: string }>(
    "select number, digest from schema_migrations order by number",
  );
  return { migrations: [...migrations.rows], inbox: await inboxPosition(session), tables };
}

/** Pages by pages, so that no chunk is too large for memory. */
async function writeTable(session: SqlSession, archive: ArchiveWriter, table: string, columns: readonly string[]) {
  const { rows: sizes } = await session.query<{ pages: number }>(
    "select (pg_relation_size($1::regclass) / current_setting('block_size')::int8) as pages",
    [table],
  );
  let rows = 0;
  for (let page = 0; page < (sizes[0]?.pages ?? 0); page += pagesPerChunk) {
    const range = `ctid >= '(${page},0)'::tid and ctid < '(${page + pagesPerChunk},0)'::tid`;
    const chunk = await session.copyOut(`select ${columns.join(", ")} from ${table} where ${range}`);
    const count = countRows(chunk);
    if (count === 0) continue;
    const number = String(page / pagesPerChunk).padStart(6, "0");
    await archive.add(`tables/${table}/${number}.copy.zst`, await compress(chunk), count);
    rows += count;
  }
  return rows;
}

async function tableColumns(session: SqlSession): Promise<ReadonlyMap<string, string[]>> {
  const { rows } = await session.query<{ table: string; column: string }>(
    `select c.table_name as table, c.column_name as column from information_schema.columns c
     join information_schema.tables t using (table_schema, table_name)
     where c.table_schema = 'public' and t.table_type = 'BASE TABLE' order by c.table_name, c.ordinal_position`,
  );
  const tables = Map.groupBy(
    rows.filter((row) => !ownTables.has(row.table)),
    (row) => row.table,
  );
  return new Map([...tables].map(([table, columns]) => [table, columns.map(({ column }) => `"${column}"`)]));
}

async function inboxPosition(session: SqlSession): Promise<ArchiveManifest["inbox"]> {
  const { rows } = await session.query<{ lane: string; epoch: string; up_to: number }>("select * from drain_cursors");
  return { epoch: rows[0]?.epoch ?? "", drained: Object.fromEntries(rows.map(({ lane, up_to }) => [lane, up_to])) };
}
