import { createHash } from "node:crypto";
import { open, readdir, readFile, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { type BlobReference, digestOf } from "@fieldloop/devices";
import { EdgeRuntimeError } from "../errors.ts";
import { type DurableFiles, withFile, writeWhole } from "./durable-files.ts";
import type { ReleaseFetcher } from "./fetcher.ts";
import { ReleaseRefusal } from "./refusal.ts";

/** The files of releases by content address: a name in `blobs/sha256/` always has the content that it names. */
export interface BlobStore {
  /** Fetches what is missing, going on after interruptions; whatever it leaves was hashed and synced. */
  fetch(references: readonly BlobReference[], fetcher: ReleaseFetcher, signal: AbortSignal): Promise<void>;
  /** Reads a blob whole and hashes the very bytes it returns. @throws {ReleaseRefusal} `digest-mismatch`, `incomplete` */
  read(reference: BlobReference): Promise<Uint8Array>;
  /** Removes all blobs but these, and unfinished downloads. */
  keepOnly(digests: ReadonlySet<string>): Promise<void>;
}

const attempts = 5;
const firstPauseMs = 500;
const spareDiskBytes = 32 * 1024 ** 2;

/** Opens the blobs of a release folder; wait: pauses between attempts, for tests to shorten. */
export async function openBlobStore(
  dir: string,
  files: DurableFiles,
  wait: (ms: number) => Promise<void>,
): Promise<BlobStore> {
  const folder = join(dir, "blobs", "sha256");
  const partial = join(dir, "blobs", "partial");
  await files.makeFolder(folder);
  await files.makeFolder(partial);
  const finished = (digest: string) => join(folder, hexOf(digest));
  const unfinished = (digest: string) => join(partial, hexOf(digest));

  const fetchOne = async (reference: BlobReference, fetcher: ReleaseFetcher, signal: AbortSignal) => {
    const path = unfinished(reference.digest);
    for (let attempt = 1; ; attempt += 1) {
      try {
        await download(path, reference, fetcher, signal);
        break;
      } catch (error) {
        if (!isInterruption(error) || attempt === attempts) throw error;
        await wait(firstPauseMs * 2 ** (attempt - 1));
      }
    }
    const digest = await hashFile(path);
    if (digest !== reference.digest) {
      await files.remove(path);
      throw mismatch(reference, digest);
    }
    await files.move(path, finished(reference.digest));
  };

  return {
    async fetch(references, fetcher, signal) {
      const missing: BlobReference[] = [];
      for (const reference of uniqueOf(references)) {
        const isHere = (await sizeOf(finished(reference.digest))) === reference.bytes;
        if (!isHere || (await hashFile(finished(reference.digest))) !== reference.digest) missing.push(reference);
      }
      await requireSpace(dir, missing);
      for (const reference of missing) await fetchOne(reference, fetcher, signal);
    },
    async read(reference) {
      const bytes = await readFile(finished(reference.digest)).catch((cause: unknown) => {
        throw new ReleaseRefusal(
          "incomplete",
          `Expected the file ${reference.digest} of this release, it cannot be read.`,
          { cause },
        );
      });
      const digest = digestOf(bytes);
      if (digest !== reference.digest || bytes.length !== reference.bytes) throw mismatch(reference, digest);
      return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },
    async keepOnly(digests) {
      const kept = new Set([...digests].map(hexOf));
      for (const name of await readdir(folder)) if (!kept.has(name)) await files.remove(join(folder, name));
      for (const name of await readdir(partial)) await files.remove(join(partial, name));
    },
  };
}

/** Appends to the unfinished file until it has the announced length, and syncs it. */
async function download(
  path: string,
  reference: BlobReference,
  fetcher: ReleaseFetcher,
  signal: AbortSignal,
): Promise<void> {
  const here = Math.min((await sizeOf(path)) ?? 0, reference.bytes);
  const file = await open(path, here > 0 ? "r+" : "w");
  try {
    let at = here;
    if (here < reference.bytes) {
      const { offset, chunks } = await fetcher.blob(reference, here);
      if (offset !== here && offset !== 0)
        throw new ReleaseRefusal("incomplete", `Expected bytes from ${here} on, got them from ${offset}.`);
      at = offset;
      for await (const chunk of chunks) {
        signal.throwIfAborted();
        if (at + chunk.length > reference.bytes) {
          throw new ReleaseRefusal(
            "too-large",
            `Expected ${reference.bytes} bytes of ${reference.digest}, more came; the release is not what it says.`,
          );
        }
        await writeWhole(file, chunk, at);
        at += chunk.length;
      }
    }
    await file.truncate(at);
    await file.datasync();
    if (at < reference.bytes) {
      throw new EdgeRuntimeError(
        "fetch-interrupted",
        `Expected ${reference.bytes} bytes of ${reference.digest}, only ${at} came.`,
      );
    }
  } finally {
    await file.close();
  }
}

async function requireSpace(dir: string, missing: readonly BlobReference[]): Promise<void> {
  const needed = missing.reduce((sum, { bytes }) => sum + bytes, 0);
  const { bavail, bsize } = await statfs(dir);
  const free = bavail * bsize;
  if (missing.length > 0 && needed + spareDiskBytes > free) {
    throw new ReleaseRefusal(
      "too-large",
      `Expected room for ${needed} bytes and ${spareDiskBytes} spare, the disk has ${free}; free some space.`,
    );
  }
}

function uniqueOf(references: readonly BlobReference[]): readonly BlobReference[] {
  return [...new Map(references.map((reference) => [reference.digest, reference])).values()];
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await withFile(path, "r", async (file) => {
    for await (const chunk of file.createReadStream({ autoClose: false })) hash.update(chunk as Uint8Array);
  });
  return `sha256:${hash.digest("hex")}`;
}

function mismatch({ digest }: BlobReference, got: string): ReleaseRefusal {
  return new ReleaseRefusal(
    "digest-mismatch",
    `Expected a file with digest ${digest}, its bytes have ${got}; it was changed on the way.`,
  );
}

function isInterruption(error: unknown): boolean {
  return error instanceof EdgeRuntimeError && (error.code === "fetch-interrupted" || error.code === "hub-unreachable");
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    (found) => found.size,
    () => undefined,
  );
}

function hexOf(digest: string): string {
  return digest.slice("sha256:".length);
}
