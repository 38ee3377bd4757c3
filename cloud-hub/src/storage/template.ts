import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { copyTree, syncPath, syncTree } from "./durable-tree.ts";
import { type Migration, migrate } from "./migrations.ts";
import { PgliteDb } from "./pglite-db.ts";

const layout = 1;

/** Where prepared databases are kept between starts: beside the packages they were made by. */
export function templateCacheDir(): string {
  return join(packageDir("@electric-sql/pglite"), "..", "..", ".cache", "fieldloop");
}

/**
 * A folder with an empty, migrated database of exactly these versions, to be copied and never opened; making one takes up to
 * ten seconds, so it is kept. Two processes that make it at once both get the one that was finished first.
 */
export async function preparedTemplate(
  migrations: readonly Migration[],
  cacheDir = templateCacheDir(),
): Promise<string> {
  const template = join(cacheDir, `sql-${await keyOf(migrations)}`);
  if (existsSync(template)) return template;
  await mkdir(cacheDir, { recursive: true });
  const draft = join(cacheDir, `.sql-${process.pid}-${randomBytes(4).toString("hex")}`);
  try {
    await makeDatabase(draft, migrations);
    await rename(draft, template);
    await syncPath(cacheDir);
  } catch (error) {
    if (!existsSync(template)) throw error;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return template;
}

/** Puts an empty, migrated database into a new folder, all of it synced: a copy of the template where there is one. */
export async function newDatabase(
  dir: string,
  migrations: readonly Migration[],
  template: string | undefined,
): Promise<void> {
  if (template === undefined) return makeDatabase(dir, migrations);
  await copyTree(template, dir);
  await syncTree(dir);
}

/** The template, or undefined where packages lie in a folder that may not be written. */
export async function templateOrUndefined(
  migrations: readonly Migration[],
  cacheDir?: string,
): Promise<string | undefined> {
  try {
    return await preparedTemplate(migrations, cacheDir);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EACCES" || code === "EROFS" || code === "EPERM") return undefined;
    throw error;
  }
}

async function makeDatabase(dir: string, migrations: readonly Migration[]): Promise<void> {
  const db = await PgliteDb.open({ dir, create: true });
  try {
    await migrate(db, migrations);
  } finally {
    await db.close();
  }
  await syncTree(dir);
}

async function keyOf(migrations: readonly Migration[]): Promise<string> {
  const packages = ["@electric-sql/pglite", "@electric-sql/pglite-pgvector"];
  const versions = await Promise.all(packages.map(versionOf));
  const key = createHash("sha256").update(JSON.stringify([layout, versions, migrations.map(({ digest }) => digest)]));
  return key.digest("hex").slice(0, 20);
}

async function versionOf(name: string): Promise<string> {
  const text = await readFile(join(packageDir(name), "package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version; // every package has one
}

function packageDir(name: string): string {
  let dir = dirname(fileURLToPath(import.meta.resolve(name)));
  while (!existsSync(join(dir, "package.json"))) dir = dirname(dir);
  return dir;
}
