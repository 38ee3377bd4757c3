import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable, Transform } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import { type Pack, pack } from "tar-stream";
import { syncPath } from "../storage/durable-tree.ts";
import type { ArchiveEntry } from "./archive-manifest.ts";

/** An archive being written beside its final name. */
export class ArchiveWriter {
  readonly entries: ArchiveEntry[] = [];
  readonly #path: string;
  readonly #draft: string;
  readonly #pack: Pack;
  readonly #written: Promise<void>;

  constructor(path: string) {
    this.#path = path;
    this.#draft = `${path}.new`;
    this.#pack = pack();
    const file = createWriteStream(this.#draft, { mode: 0o600, flush: true });
    this.#written = pipeline(this.#pack, file);
    this.#written.catch(() => undefined);
  }

  /** Adds an entry whose size is known beforehand. rows: of a table's chunk */
  async add(name: string, content: Uint8Array | { bytes: number; content: Readable }, rows?: number): Promise<void> {
    const isBytes = content instanceof Uint8Array;
    const size = isBytes ? content.byteLength : content.bytes;
    const digest = createHash("sha256");
    const entry = this.#pack.entry({ name, size, mode: 0o600, mtime: new Date(0) });
    const hashing = new Transform({
      transform(chunk: Buffer, _, done) {
        digest.update(chunk);
        done(null, chunk);
      },
    });
    const source = isBytes
      ? Readable.from(content.byteLength === 0 ? [] : [content], { objectMode: false })
      : content.content;
    await Promise.race([pipeline(source, hashing, entry), this.#written.then(() => undefined)]);
    this.entries.push({ name, bytes: size, sha256: digest.digest("hex"), ...(rows === undefined ? {} : { rows }) });
  }

  /** Ends the archive and gives it its name, synced. */
  async finish(): Promise<void> {
    this.#pack.finalize();
    await this.#written;
    await rename(this.#draft, this.#path);
    await syncPath(dirname(this.#path));
  }

  /** Gives the archive up. */
  async abandon(): Promise<void> {
    this.#pack.destroy();
    await finished(this.#pack).catch(() => undefined);
    await this.#written.catch(() => undefined);
    await rm(this.#draft, { force: true });
  }
}
