import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { HubError } from "../errors.ts";
import type { Db } from "./db.ts";

/** One step of the schema, in the order of its number. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  readonly digest: string;
}

/** Reads the hub's own migrations: files `0001-name.sql`, numbered without a hole. */
export function readMigrations(folder = new URL("../migrations/", import.meta.url)): readonly Migration[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".sql"));
  return names.sort().map((name, index) => {
    const number = Number(/^(\d{4})-/.exec(name)?.[1]);
    if (number !== index + 1) {
      throw new HubError(
        "bad-migration",
        `Expected migration ${index + 1} after ${index}, but got ${name}; rename it.`,
      );
    }
    const sql = readFileSync(new URL(name, folder), "utf8");
    return { number, name, sql, digest: createHash("sha256").update(sql).digest("hex") };
  });
}

/**
 * Brings a database up to the newest migration, each in a transaction of its own.
 * @throws {HubError} `schema-newer` when the database was written by a newer hub, `bad-migration` when an applied one changed
 */
export async function migrate(db: Db, migrations: readonly Migration[]): Promise<number> {
  await db.query(`create table if not exists schema_migrations
    (number integer primary key, name text not null, digest text not null, applied_at timestamptz not null default now())`);
  const { rows } = await db.query<{ number: number; name: string; digest: string }>(
    "select number, name, digest from schema_migrations order by number",
  );
  for (const applied of rows) requireSame(applied, migrations[applied.number - 1]);
  const missing = migrations.slice(rows.length);
  for (const migration of missing) await apply(db, migration);
  return missing.length;
}

function requireSame(applied: { number: number; name: string; digest: string }, known: Migration | undefined): void {
  if (known === undefined) {
    const sentence = `Expected a database of this hub's schema or an older one, but it has migration ${applied.name}; start a newer hub.`;
    throw new HubError("schema-newer", sentence);
  }
  if (known.digest === applied.digest) return;
  const sentence = `Expected migration ${applied.name} as it was applied, but ${known.name} differs from it; add a new one instead.`;
  throw new HubError("bad-migration", sentence);
}

async function apply(db: Db, { number, name, sql, digest }: Migration): Promise<void> {
  await db.tx(async (session) => {
    await session.script(sql);
    await session.query("insert into schema_migrations (number, name, digest) values ($1, $2, $3)", [
      number,
      name,
      digest,
    ]);
  });
}
