import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { promisify } from "node:util";
import { zstdCompress, zstdDecompress } from "node:zlib";
import { extract } from "tar-stream";
import { type ArchiveEntry, type ArchiveManifest, badBackup, decodeManifest } from "./archive-manifest.ts";

/** Compresses a chunk of rows. */
export const compress: (bytes: Uint8Array) => Promise<Uint8Array> = promisify(zstdCompress);
const decompress: (bytes: Uint8Array) => Promise<Uint8Array> = promisify(zstdDecompress);

const mostChunkBytes = 1024 * 1024 * 1024;

/** How many rows there are in COPY text format: one per line, for line ends inside values are escaped. */
export function countRows(bytes: Uint8Array): number {
  let rows = 0;
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) rows += 1;
  return rows;
}

/**
 * Reads every entry of an archive whole and compares it with the manifest: sizes, digests, rows. see: shown each entry
 * @throws {HubError} `bad-backup`
 */
export async function verifyArchive(
  path: string,
  see: (name: string, bytes: Uint8Array) => void = () => undefined,
): Promise<ArchiveManifest> {
  const found = new Map<string, ArchiveEntry>();
  let manifest: ArchiveManifest | undefined;
  await eachEntry(path, async (name, bytes) => {
    see(name, bytes);
    if (name === "manifest") manifest = decodeManifest(bytes);
    else found.set(name, await describeEntry(name, bytes));
  });
  if (manifest === undefined) throw badBackup(`${path} ends before its manifest; it was cut`);
  for (const entry of manifest.entries) requireEqual(entry, found.get(entry.name));
  if (found.size !== manifest.entries.length) throw badBackup(`${path} holds entries that its manifest does not name`);
  for (const [table, { rows }] of Object.entries(manifest.tables)) {
    const chunks = manifest.entries.filter(({ name }) => name.startsWith(`tables/${table}/`));
    const held = chunks.reduce((sum, chunk) => sum + (chunk.rows ?? 0), 0);
    if (held !== rows) throw badBackup(`it holds ${held} rows of table ${table} where its manifest says ${rows}`);
  }
  return manifest;
}

/** Calls `take` with each entry in order, whole in memory. @throws {HubError} `bad-backup` */
export async function eachEntry(path: string, take: (name: string, bytes: Uint8Array) => Promise<void>): Promise<void> {
  const source = createReadStream(path);
  const entries = extract();
  source.on("error", (error) => entries.destroy(error));
  source.pipe(entries);
  let last = "";
  try {
    for await (const entry of entries) {
      last = entry.header.name;
      if ((entry.header.size ?? 0) > mostChunkBytes)
        throw badBackup(`entry ${last} says it is ${entry.header.size} bytes`);
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      await take(last, Buffer.concat(chunks));
    }
  } catch (error) {
    if (error instanceof Error && error.name === "HubError") throw error;
    throw badBackup(
      `${path} cannot be read after entry "${last}" (${error instanceof Error ? error.message : error})`,
      error,
    );
  } finally {
    source.destroy();
  }
}

/** The rows of a table's chunk. */
export function chunkRows(bytes: Uint8Array): Promise<Uint8Array> {
  return decompress(bytes);
}

async function describeEntry(name: string, bytes: Uint8Array): Promise<ArchiveEntry> {
  const entry = { name, bytes: bytes.byteLength, sha256: createHash("sha256").update(bytes).digest("hex") };
  if (!name.startsWith("tables/")) return entry;
  return { ...entry, rows: countRows(await decompress(bytes).catch(() => new Uint8Array())) };
}

function requireEqual(wanted: ArchiveEntry, found: ArchiveEntry | undefined): void {
  if (found === undefined) throw badBackup(`entry ${wanted.name} is missing`);
  if (found.bytes === wanted.bytes && found.sha256 === wanted.sha256 && found.rows === wanted.rows) return;
  throw badBackup(`entry ${wanted.name} was changed`);
}
