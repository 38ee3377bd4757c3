import type { DiskSpace } from "./disk-space.ts";
import { JournalError } from "./errors.ts";
import type { Eviction } from "./eviction.ts";
import type { JournalOptions, NewRecord } from "./journal.ts";
import { type Lane, type Shared, sizeOf } from "./lane.ts";
import { lackingBytes } from "./quota.ts";
import type { Turnstile } from "./turnstile.ts";

/** What admission decides with. */
export interface AdmissionParts {
  readonly options: JournalOptions;
  readonly shared: Shared;
  readonly lanes: ReadonlyMap<string, Lane>;
  readonly turnstile: Turnstile;
  readonly space: DiskSpace;
  readonly eviction: Eviction;
}

/** Lets a record into its lane when there is room, or after room was made for it. */
export class Admission {
  readonly #parts: AdmissionParts;
  readonly #waiting = new Map<Lane, number>();

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /** Appends; where the disk turns out to be full, frees what may be freed and tries once more. */
  async append(lane: Lane, record: NewRecord): Promise<{ readonly seq: number }> {
    try {
      return await this.#admit(lane, record);
    } catch (error) {
      if (!(error instanceof JournalError) || error.code !== "disk-full") throw error;
      await this.#parts.turnstile.pass(() => this.#freeDisk(sizeOf(record), error));
      return this.#admit(lane, record);
    }
  }

  /** Records keep the order of their append calls: once one waits for room, later ones of its lane wait behind it. */
  async #admit(lane: Lane, record: NewRecord): Promise<{ readonly seq: number }> {
    const { shared, space, turnstile } = this.#parts;
    if (shared.failure !== undefined) throw shared.failure;
    const size = sizeOf(record);
    const isCrowded = (this.#waiting.get(lane) ?? 0) > 0 || this.#lacking(lane, size) > 0;
    if (!isCrowded && (lane.name === "control" || !space.isDoubtful(size))) return lane.enqueue(record);
    this.#waiting.set(lane, (this.#waiting.get(lane) ?? 0) + 1);
    const admitted = turnstile.pass(async () => {
      try {
        await this.#makeRoom(lane, size);
        return { stored: lane.enqueue(record) };
      } finally {
        this.#waiting.set(lane, this.#waiting.get(lane)! - 1);
      }
    });
    return (await admitted).stored;
  }

  #lacking(lane: Lane, size: number): number {
    return lackingBytes(lane, size, this.#parts.lanes.values(), this.#parts.options.quotaBytes);
  }

  async #makeRoom(lane: Lane, size: number): Promise<void> {
    const { eviction, space } = this.#parts;
    if (lane.name !== "control" && space.isDoubtful(0)) await this.#makeDiskRoom(size);
    const { reserveBytes, evictable } = lane.options;
    const isCapped = reserveBytes !== undefined && evictable !== true;
    for (let lacking = this.#lacking(lane, size); lacking > 0; lacking = this.#lacking(lane, size)) {
      const freed = isCapped ? await eviction.compact(lane) : await eviction.free(lacking, "quota");
      if (freed > 0) continue;
      const room = isCapped ? `the reserve of ${reserveBytes} bytes` : "the quota, beside what may not be evicted,";
      const sentence = `Expected room for ${size} bytes in lane "${lane.name}", but ${room} is full; nothing was stored.`;
      throw new JournalError(isCapped ? "lane-full" : "quota-full", sentence);
    }
  }

  async #makeDiskRoom(size: number): Promise<void> {
    const { eviction, space, shared, options } = this.#parts;
    while (!(await space.enough())) {
      if ((await eviction.free(Math.max(size, shared.segmentBytes), "free-space")) > 0) continue;
      throw new JournalError(
        "disk-full",
        `Expected free space on the disk of ${options.dir}, but too little is left; free some.`,
      );
    }
  }

  /** Gives up the reserve, so that gaps can be told, and then the least valuable. */
  async #freeDisk(size: number, refused: JournalError): Promise<void> {
    const { eviction, space, shared } = this.#parts;
    const spent = await space.spendReserve();
    const freed = await eviction.free(Math.max(size, shared.segmentBytes), "disk-full");
    if (!spent && freed === 0) throw refused;
  }
}
