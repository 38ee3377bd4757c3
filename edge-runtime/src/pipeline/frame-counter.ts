import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";

const slotBytes = 128;
const blockFrames = 1_000_000;

/** A frame's number in its epoch; `isReserved` is false once numbers may be handed out again after a restart. */
export interface FrameNumber {
  readonly frame: number;
  readonly isReserved: boolean;
}

/**
 * Hands out frame numbers that are never used twice in an epoch: blocks are reserved on the disk ahead of use, in place
 * (two checksummed slots of one small file), so that a full disk does not stop it.
 */
export class FrameCounter {
  readonly #file: FileHandle;
  readonly #epoch: string;
  #turn: number;
  #last: number;
  #reserved: number;
  #saving: Promise<void> | undefined;

  private constructor(file: FileHandle, epoch: string, turn: number, reserved: number) {
    this.#file = file;
    this.#epoch = epoch;
    this.#turn = turn;
    this.#last = reserved;
    this.#reserved = reserved;
  }

  /** Opens or creates the counter in a folder; numbers start at 1 in a new epoch, else after every one reserved before. */
  static async open(dir: string, epoch: string): Promise<FrameCounter> {
    const file = await open(join(dir, "frames"), constants.O_RDWR | constants.O_CREAT, 0o600);
    const slots = [await readSlot(file, 0), await readSlot(file, 1)].filter((slot) => slot !== undefined);
    const newest = slots.toSorted((a, b) => b.turn - a.turn)[0];
    const reserved = newest?.epoch === epoch ? newest.reserved : 0;
    const counter = new FrameCounter(file, epoch, newest?.turn ?? 0, reserved);
    await counter.#reserve();
    return counter;
  }

  /** The next number; reserves the next block in the background when half of this one is used. */
  next(): FrameNumber {
    this.#last += 1;
    if (this.#reserved - this.#last < blockFrames / 2) this.#saving ??= this.#reserveQuietly();
    return { frame: this.#last, isReserved: this.#last <= this.#reserved };
  }

  /** Gives back what was reserved and not used, and closes the file. */
  async close(): Promise<void> {
    await this.#saving;
    if (this.#last < this.#reserved) await this.#save(this.#last).catch(() => undefined);
    await this.#file.close();
  }

  #reserve(): Promise<void> {
    return this.#save(Math.max(this.#reserved, this.#last) + blockFrames);
  }

  async #reserveQuietly(): Promise<void> {
    // A full or failing disk is met again at the next frame; until the block ends nothing is lost by it.
    await this.#reserve().catch(() => undefined);
    this.#saving = undefined;
  }

  async #save(reserved: number): Promise<void> {
    const turn = this.#turn + 1;
    const json = JSON.stringify({ turn, epoch: this.#epoch, reserved });
    const text = `${crc32(json).toString(16).padStart(8, "0")} ${json}`.padEnd(slotBytes - 1);
    await this.#file.write(Buffer.from(`${text}\n`), 0, slotBytes, (turn % 2) * slotBytes);
    await this.#file.datasync();
    this.#turn = turn;
    this.#reserved = reserved;
  }
}

async function readSlot(
  file: FileHandle,
  slot: number,
): Promise<{ turn: number; epoch: string; reserved: number } | undefined> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(slotBytes), 0, slotBytes, slot * slotBytes);
  const text = buffer.toString("utf8", 0, bytesRead).trimEnd();
  const json = text.slice(9);
  if (json === "" || text.slice(0, 8) !== crc32(json).toString(16).padStart(8, "0")) return undefined;
  return JSON.parse(json) as { turn: number; epoch: string; reserved: number }; // whole by its checksum, written above
}
