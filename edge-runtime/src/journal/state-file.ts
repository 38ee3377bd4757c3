import { join } from "node:path";
import { crc32 } from "node:zlib";
import { JournalError, systemCode } from "./errors.ts";
import type { Gap } from "./journal.ts";
import { type JournalFs, readWhole, syncFolder, writeFully } from "./journal-fs.ts";

/**
 * What must outlive everything else about one lane.
 * released: given up to here · leased: no number above it was ever handed out · last: highest number seen · evicted: ever
 */
export interface LaneState {
  released: number;
  leased: number;
  last: number;
  evicted: number;
}

/** The journal's small durable state. clean: closed in order · untold: gaps whose records are not yet on the control lane */
export interface JournalState {
  turn: number;
  epoch: string;
  clean: boolean;
  lanes: Record<string, LaneState>;
  untold: Gap[];
}

const names = ["state-a", "state-b"] as const;

/** Two checksummed copies written by turns, so that a cut during one write leaves the other. */
export class StateFile {
  readonly #fs: JournalFs;
  readonly #dir: string;
  readonly state: JournalState;
  #writing: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  private constructor(fs: JournalFs, dir: string, state: JournalState) {
    this.#fs = fs;
    this.#dir = dir;
    this.state = state;
  }

  /** Reads the newer true copy, or makes the first with `epoch`; says which in `created`. */
  static async open(fs: JournalFs, dir: string, epoch: string): Promise<{ file: StateFile; created: boolean }> {
    const copies = await Promise.all(names.map((name) => readCopy(fs, join(dir, name))));
    const known = copies.filter((copy) => copy !== undefined).toSorted((a, b) => b.turn - a.turn)[0];
    if (known !== undefined) return { file: new StateFile(fs, dir, known), created: false };
    const file = new StateFile(fs, dir, { turn: 0, epoch, clean: false, lanes: {}, untold: [] });
    await file.save();
    await file.save();
    await syncFolder(fs, dir);
    return { file, created: true };
  }

  /** Resolves once the state as it is now, or a later one, is on the disk. */
  save(): Promise<void> {
    this.#next ??= this.#writing.then(async () => {
      this.#next = undefined;
      await this.#write();
    });
    const saved = this.#next;
    this.#writing = saved.catch(() => undefined);
    return saved;
  }

  async #write(): Promise<void> {
    const turn = this.state.turn + 1;
    const json = JSON.stringify({ ...this.state, turn });
    const bytes = Buffer.from(`${crc32(json).toString(16).padStart(8, "0")} ${json}\n`);
    const file = await this.#fs.open(join(this.#dir, names[turn % 2 === 0 ? 0 : 1]), "w");
    try {
      await writeFully(file, [bytes], 0);
      await file.sync();
    } finally {
      await file.close();
    }
    this.state.turn = turn;
  }
}

async function readCopy(fs: JournalFs, path: string): Promise<JournalState | undefined> {
  let text: string;
  try {
    text = (await readWhole(fs, path)).toString("utf8").trimEnd();
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw new JournalError("unreadable", `Expected to read ${path}, but got ${systemCode(error) ?? error}.`, {
      cause: error,
    });
  }
  const json = text.slice(9);
  if (text.slice(0, 8) !== crc32(json).toString(16).padStart(8, "0")) return undefined;
  // Written by this class and whole by its checksum.
  return JSON.parse(json) as JournalState;
}
