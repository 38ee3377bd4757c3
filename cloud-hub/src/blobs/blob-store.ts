import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { HubError } from "../errors.ts";
import { syncPath } from "../storage/durable-tree.ts";

/** Bytes kept by what they are: names are `sha256:<hex>` of the content. */
export interface BlobStore {
  /** Stores bytes; they and their name are on the disk once it resolves. @throws {HubError} `disk-full` */
  put(bytes: Uint8Array): Promise<string>;
  /** The bytes, checked against their name. @throws {HubError} `missing-blob`, `damaged-blob` */
  get(digest: string): Promise<Uint8Array>;
  has(digest: string): Promise<boolean>;
  /** The bytes as a stream, unchecked: who reads it must compare the digest. @throws {HubError} `missing-blob` */
  stream(digest: string): Promise<{ readonly bytes: number; readonly content: Readable }>;
  /** Puts bytes out of sight, so that storing them again writes them anew; nothing happens where there are none. */
  hide(digest: string): Promise<void>;
  /** Brings hidden bytes back. */
  unhide(digest: string): Promise<void>;
  /** Removes hidden bytes for good. */
  removeHidden(digest: string): Promise<void>;
  /** Every name in sight, in no particular order. */
  list(): AsyncIterable<string>;
}

/** Blobs as files `ab/<sha256 hex>` below a folder. */
export async function openBlobStore(dir: string): Promise<BlobStore> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const drafts = (await readdir(dir)).filter((name) => name.startsWith(".new-"));
  for (const name of drafts) await rm(join(dir, name), { force: true });
  return new BlobFolder(dir);
}

class BlobFolder implements BlobStore {
  readonly #dir: string;
  readonly #running = new Map<string, Promise<void>>();

  constructor(dir: string) {
    this.#dir = dir;
  }

  async put(bytes: Uint8Array): Promise<string> {
    const hex = createHash("sha256").update(bytes).digest("hex");
    const running = this.#running.get(hex) ?? this.#store(hex, bytes).finally(() => this.#running.delete(hex));
    this.#running.set(hex, running);
    await running;
    return `sha256:${hex}`;
  }

  async get(digest: string): Promise<Uint8Array> {
    const bytes = await readFile(this.#path(digest)).catch((cause: unknown) => {
      throw missing(digest, cause);
    });
    const found = createHash("sha256").update(bytes).digest("hex");
    if (`sha256:${found}` === digest) return bytes;
    const sentence = `Expected blob ${digest}, but its file holds other bytes (sha256:${found}); restore it from a backup.`;
    throw new HubError("damaged-blob", sentence);
  }

  async has(digest: string): Promise<boolean> {
    return (await sizeOf(this.#path(digest))) !== undefined;
  }

  async stream(digest: string) {
    const path = this.#path(digest);
    const bytes = await sizeOf(path);
    if (bytes === undefined) throw missing(digest);
    return { bytes, content: createReadStream(path) };
  }

  async hide(digest: string): Promise<void> {
    await rename(this.#path(digest), hiddenPath(this.#path(digest))).catch(ignoreMissing);
  }

  async unhide(digest: string): Promise<void> {
    const path = this.#path(digest);
    if ((await sizeOf(path)) === undefined) await rename(hiddenPath(path), path).catch(ignoreMissing);
    else await this.removeHidden(digest);
    await syncPath(dirname(path)).catch(ignoreMissing);
  }

  async removeHidden(digest: string): Promise<void> {
    await rm(hiddenPath(this.#path(digest)), { force: true });
  }

  async *list(): AsyncIterable<string> {
    for (const folder of (await readdir(this.#dir)).filter((name) => /^[0-9a-f]{2}$/.test(name))) {
      const names = (await readdir(join(this.#dir, folder))).filter((name) => /^[0-9a-f]{64}$/.test(name));
      for (const name of names) yield `sha256:${name}`;
    }
  }

  async #store(hex: string, bytes: Uint8Array): Promise<void> {
    const folder = join(this.#dir, hex.slice(0, 2));
    const path = join(folder, hex);
    try {
      if ((await sizeOf(path)) !== bytes.byteLength) await this.#write(folder, path, bytes);
      await syncPath(folder);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code !== "ENOSPC" && code !== "EDQUOT") throw cause;
      throw new HubError("disk-full", `Expected room on the disk for ${bytes.byteLength} bytes; free some.`, { cause });
    }
  }

  async #write(folder: string, path: string, bytes: Uint8Array): Promise<void> {
    if ((await mkdir(folder, { recursive: true, mode: 0o700 })) !== undefined) await syncPath(this.#dir);
    const draft = join(this.#dir, `.new-${randomBytes(8).toString("hex")}`);
    try {
      const file = await open(draft, "wx", 0o600);
      try {
        await file.writeFile(bytes);
        await file.datasync();
      } finally {
        await file.close();
      }
      await rename(draft, path);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  }

  #path(digest: string): string {
    const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
    if (hex === undefined) throw missing(digest);
    return join(this.#dir, hex.slice(0, 2), hex);
  }
}

const hiddenPath = (path: string): string => `${path}.hidden`;

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch {
    return undefined;
  }
}

const missing = (digest: string, cause?: unknown): HubError =>
  new HubError("missing-blob", `Expected a blob named ${JSON.stringify(digest)}, but the hub holds none.`, { cause });
