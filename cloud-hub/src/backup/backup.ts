import { existsSync } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { type BlobStore, openBlobStore } from "../blobs/blob-store.ts";
import { HubError } from "../errors.ts";
import type { Db } from "../storage/db.ts";
import { syncPath, syncTree } from "../storage/durable-tree.ts";
import type { ArchiveManifest } from "./archive-manifest.ts";
import { badBackup } from "./archive-manifest.ts";
import { verifyArchive } from "./archive-reader.ts";
import { writeDump } from "./dump.ts";
import { restoreTables } from "./restore-tables.ts";
import { openSecrets, type SecretFiles, sealSecrets } from "./secrets.ts";

const secretPlaces = ["keys", "tls", "token"] as const;
const plainFiles = ["hub.json"] as const;

/** passphrase: seals keys, token and certificate into the file; without it they are left out */
export interface BackupOptions {
  readonly db: Db;
  readonly blobs: BlobStore;
  readonly dataDir: string;
  readonly file: string;
  readonly createdAt: number;
  readonly passphrase?: string;
}

/** What a backup holds; it was read back and compared before it was answered. secrets `left-out`: keep `keys/` yourself */
export interface BackupReport {
  readonly file: string;
  readonly bytes: number;
  readonly verified: true;
  readonly rows: number;
  readonly blobs: number;
  readonly secrets: "encrypted" | "left-out";
}

/** What a restore brought back. */
export interface RestoreReport {
  readonly rows: Readonly<Record<string, number>>;
  readonly blobs: number;
  readonly secrets: "restored" | "absent";
  readonly createdAt: number;
}

/** Writes everything the hub holds to one file while it runs. @throws {HubError} `bad-backup`, `disk-full` */
export async function writeBackup(options: BackupOptions): Promise<BackupReport> {
  const { db, blobs, dataDir, file, createdAt, passphrase } = options;
  const manifest = await writeDump({
    db,
    path: file,
    kind: "backup",
    createdAt,
    more: async (archive) => {
      // Blobs are on the disk before the row that names them, so listing them after the tables misses none.
      for await (const digest of blobs.list()) {
        await archive.add(`blobs/${digest.slice("sha256:".length)}`, await blobs.stream(digest));
      }
      for (const name of plainFiles) {
        if (existsSync(join(dataDir, name))) await archive.add(`files/${name}`, await readFile(join(dataDir, name)));
      }
      if (passphrase === undefined) return "left-out";
      await archive.add("secrets", await sealSecrets(await readSecrets(dataDir), passphrase));
      return "encrypted";
    },
  });
  return {
    file,
    bytes: (await stat(file)).size,
    verified: true,
    rows: sumOfRows(manifest),
    blobs: manifest.entries.filter(({ name }) => name.startsWith("blobs/")).length,
    secrets: manifest.secrets === "encrypted" ? "encrypted" : "left-out",
  };
}

/**
 * Makes a data folder from a backup; it appears whole or not at all.
 * @throws {HubError} `bad-backup`, `bad-passphrase`, `already-there` when the folder holds something, `schema-newer`
 */
export async function restoreBackup(file: string, dataDir: string, passphrase?: string): Promise<RestoreReport> {
  if ((await readdir(dataDir).catch((): string[] => [])).length > 0) {
    throw new HubError(
      "already-there",
      `Expected ${dataDir} to be empty or missing, but it holds a hub or other files; restore into a new folder.`,
    );
  }
  if (!existsSync(file)) throw badBackup(`there is no file ${file}`);
  let sealed: Uint8Array | undefined;
  const manifest = await verifyArchive(file, (name, bytes) => {
    if (name === "secrets") sealed = bytes;
  });
  if (manifest.kind !== "backup")
    throw badBackup("it is one of the hub's own dumps, which hold no blobs; put it under dumps/ instead");
  const secrets = sealed === undefined || passphrase === undefined ? undefined : await openSecrets(sealed, passphrase);
  const draft = `${dataDir}.restore`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true, mode: 0o700 });
  const blobs = await openBlobStore(join(draft, "blobs"));
  let blobCount = 0;
  const rows = await restoreTables(file, manifest, join(draft, "sql"), async (name, bytes) => {
    if (name.startsWith("files/")) await writeDurably(draft, name.slice("files/".length), bytes);
    else if (name.startsWith("blobs/")) blobCount += await restoreBlob(blobs, name, bytes);
  });
  for (const [name, bytes] of Object.entries(secrets ?? {})) await writeDurably(draft, name, bytes);
  await syncTree(draft);
  await rm(dataDir, { recursive: true, force: true });
  await rename(draft, dataDir);
  await syncPath(dirname(dataDir));
  return {
    rows,
    blobs: blobCount,
    secrets: secrets === undefined ? "absent" : "restored",
    createdAt: manifest.createdAt,
  };
}

async function restoreBlob(blobs: BlobStore, name: string, bytes: Uint8Array): Promise<number> {
  const digest = await blobs.put(bytes);
  if (`blobs/${digest.slice("sha256:".length)}` !== name)
    throw badBackup(`blob ${name} holds other bytes than its name says`);
  return 1;
}

async function readSecrets(dataDir: string): Promise<SecretFiles> {
  const files: Record<string, Uint8Array> = {};
  for (const place of secretPlaces) {
    const path = join(dataDir, place);
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile()) files[place] = new Uint8Array(await readFile(path));
    if (!found?.isDirectory()) continue;
    for (const name of await readdir(path))
      files[`${place}/${name}`] = new Uint8Array(await readFile(join(path, name)));
  }
  return files;
}

async function writeDurably(dir: string, name: string, bytes: Uint8Array): Promise<void> {
  const path = normalize(join(dir, name));
  if (!path.startsWith(`${normalize(dir)}/`)) throw badBackup(`it names a file outside the data folder: ${name}`);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(path, "w", 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

const sumOfRows = ({ tables }: ArchiveManifest): number =>
  Object.values(tables).reduce((sum, { rows }) => sum + rows, 0);
