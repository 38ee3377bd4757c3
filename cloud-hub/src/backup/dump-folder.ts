import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Journal } from "@fieldloop/edge-runtime/journal";
import { inboxLanes } from "../inbox/inbox.ts";
import type { Db } from "../storage/db.ts";
import type { ArchiveManifest } from "./archive-manifest.ts";
import { verifyArchive } from "./archive-reader.ts";
import { writeDump } from "./dump.ts";

const kept = 2;

/** A verified dump and the file it lies in. */
export interface VerifiedDump {
  readonly path: string;
  readonly manifest: ArchiveManifest;
}

/** The hub's own dumps, newest first; the newest two are kept. */
export class DumpFolder {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Dumps all tables, then gives up what the dump covers of the inbox, then older dumps. */
  async dump(db: Db, journal: Journal, now: number): Promise<VerifiedDump> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    const path = join(this.#dir, `dump-${String(now).padStart(15, "0")}.tar`);
    const manifest = await writeDump({ db, path, kind: "dump", createdAt: now });
    if (manifest.inbox.epoch === journal.epoch) {
      for (const lane of inboxLanes) await journal.release(lane, manifest.inbox.drained[lane] ?? 0);
    }
    for (const name of (await this.#names()).slice(kept)) await rm(join(this.#dir, name), { force: true });
    return { path, manifest };
  }

  /** The newest dump that reads back whole; damaged ones are passed over and told. */
  async newest(onDamaged: (path: string, error: unknown) => void = () => undefined): Promise<VerifiedDump | undefined> {
    for (const name of await this.#names()) {
      const path = join(this.#dir, name);
      try {
        return { path, manifest: await verifyArchive(path) };
      } catch (error) {
        onDamaged(path, error);
      }
    }
    return undefined;
  }

  /** When the newest dump was made, by its name; undefined where there is none. */
  async lastAt(): Promise<number | undefined> {
    const [name] = await this.#names();
    return name === undefined ? undefined : Number(/\d+/.exec(name)?.[0]);
  }

  async #names(): Promise<string[]> {
    const names = await readdir(this.#dir).catch((): string[] => []);
    return names.filter((name) => /^dump-\d{15}\.tar$/.test(name)).toSorted((a, b) => (a < b ? 1 : -1));
  }
}
