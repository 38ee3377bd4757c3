import { join } from "node:path";
import { systemCode } from "./errors.ts";
import { type JournalFs, writeFully } from "./journal-fs.ts";

const reserveBytes = 4 * 1024 * 1024;
const bytesBetweenChecks = 1024 * 1024;

/**
 * Watches the disk: a floor of free space, and a reserve file that is given up when the disk is full, so that gap and
 * control records still fit, and is made again when there is room.
 */
export class DiskSpace {
  readonly #fs: JournalFs;
  readonly #dir: string;
  readonly #floorBytes: number;
  readonly #keepsReserve: boolean;
  #hasReserve = false;
  #unchecked = Number.POSITIVE_INFINITY;

  constructor(fs: JournalFs, dir: string, floorBytes: number, keepsReserve: boolean) {
    this.#fs = fs;
    this.#dir = dir;
    this.#floorBytes = floorBytes;
    this.#keepsReserve = keepsReserve;
  }

  get #path(): string {
    return join(this.#dir, "reserve");
  }

  /** Whether {@link enough} has to be asked before more than control records are appended. */
  isDoubtful(size: number): boolean {
    this.#unchecked += size;
    if (this.#keepsReserve && !this.#hasReserve) return true;
    return this.#floorBytes > 0 && this.#unchecked > bytesBetweenChecks;
  }

  /** Whether the floor is kept and the reserve is there or could be made. */
  async enough(): Promise<boolean> {
    const free = await this.#free();
    if (free < this.#floorBytes) return false;
    this.#unchecked = 0;
    if (!this.#keepsReserve || this.#hasReserve) return true;
    if (free < 2 * reserveBytes) return false;
    return this.#makeReserve();
  }

  /** Gives the reserve up; false where there was none. */
  async spendReserve(): Promise<boolean> {
    if (!this.#hasReserve) return false;
    this.#hasReserve = false;
    await this.#fs.unlink(this.#path);
    return true;
  }

  async #free(): Promise<number> {
    const { bavail, bsize } = await this.#fs.statfs(this.#dir);
    return bavail * bsize;
  }

  async #makeReserve(): Promise<boolean> {
    try {
      const file = await this.#fs.open(this.#path, "w");
      try {
        await writeFully(file, [Buffer.alloc(reserveBytes)], 0);
        await file.sync();
      } finally {
        await file.close();
      }
      this.#hasReserve = true;
    } catch (error) {
      await this.#fs.unlink(this.#path).catch(() => undefined);
      if (systemCode(error) !== "ENOSPC") throw error;
    }
    return this.#hasReserve;
  }
}
