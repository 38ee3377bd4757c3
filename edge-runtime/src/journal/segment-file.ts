import { join } from "node:path";
import { crc32 } from "node:zlib";
import { type JournalFile, type JournalFs, readFully, readWhole, syncFolder, writeFully } from "./journal-fs.ts";
import { checksumSeed, deadMark, type PlacedRecord, type Scan, scanRecords } from "./record-format.ts";

/** Bytes before the first record: magic, version, generation, epoch, first number, lane, checksum. */
export const headerBytes = 64;

const magic = Buffer.from("FLJRNL1\n");
const version = 1;

/** One file of a lane: what it holds and how much of it is still waiting. */
export interface Segment {
  readonly lane: string;
  readonly first: number;
  /** Counts rewritings, so that an index made for an earlier content is noticed. */
  generation: number;
  last: number;
  bytes: number;
  live: number;
  liveBytes: number;
  sealed: boolean;
}

/** Where the segments of one journal lie and what their checksums are seeded with. */
export class SegmentFolder {
  readonly #fs: JournalFs;
  readonly #dir: string;
  readonly #epoch: string;

  constructor(fs: JournalFs, dir: string, epoch: string) {
    this.#fs = fs;
    this.#dir = dir;
    this.#epoch = epoch;
  }

  seed(lane: string): number {
    return checksumSeed(this.#epoch, lane);
  }

  path(segment: Pick<Segment, "lane" | "first">): string {
    return join(this.#dir, segment.lane, `${String(segment.first).padStart(16, "0")}.seg`);
  }

  /** The first numbers of a lane's segments in order; left-over temporary files are removed. */
  async list(lane: string): Promise<number[]> {
    const folder = join(this.#dir, lane);
    const names = await this.#fs.readdir(folder);
    for (const name of names.filter((name) => name.endsWith(".tmp"))) await this.#fs.unlink(join(folder, name));
    return names
      .filter((name) => /^\d{16}\.seg$/.test(name))
      .map((name) => Number(name.slice(0, 16)))
      .toSorted((a, b) => a - b);
  }

  /** Makes an empty segment that is there after a power cut, and leaves it open for writing. */
  async create(lane: string, first: number): Promise<{ segment: Segment; file: JournalFile }> {
    const segment = emptySegment(lane, first);
    return { segment, file: await this.#publish(segment, [encodeHeader(segment, this.#epoch)]) };
  }

  openForAppend(segment: Segment): Promise<JournalFile> {
    return this.#fs.open(this.path(segment), "r+");
  }

  openForReading(segment: Segment): Promise<JournalFile> {
    return this.#fs.open(this.path(segment), "r");
  }

  /** The header of a segment, where it is whole, and the size of its file. */
  async inspect(segment: Segment): Promise<{ readonly header?: SegmentHeader; readonly bytes: number }> {
    const file = await this.openForReading(segment);
    try {
      const { size } = await file.stat();
      return { header: decodeHeader(await readFully(file, 0, headerBytes)), bytes: size };
    } finally {
      await file.close();
    }
  }

  /** Reads a whole segment, record by record. */
  async scan(segment: Segment): Promise<Scan & { readonly bytes: Buffer; readonly header?: SegmentHeader }> {
    const bytes = await readWhole(this.#fs, this.path(segment));
    const scan = scanRecords(bytes, headerBytes, this.seed(segment.lane), segment.first - 1);
    return { ...scan, bytes, header: decodeHeader(bytes) };
  }

  /** Marks the records for which `isVictim` holds as evicted, durably. */
  async markDead(segment: Segment, isVictim: (record: PlacedRecord) => boolean): Promise<void> {
    const { records } = await this.scan(segment);
    const file = await this.openForAppend(segment);
    try {
      for (const record of records) {
        if (!record.dead && isVictim(record)) await writeFully(file, [deadMark], record.offset);
      }
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  /** Replaces a segment by one holding only the records that `keep` names, whole or not at all; returns their new places. */
  async rewrite(segment: Segment, keep: (record: PlacedRecord) => boolean): Promise<PlacedRecord[]> {
    const { bytes, records } = await this.scan(segment);
    const kept = records.filter((record) => !record.dead && keep(record));
    const parts = kept.map(({ offset, size }) => bytes.subarray(offset, offset + size));
    const next = { ...segment, generation: segment.generation + 1 };
    await (await this.#publish(segment, [encodeHeader(next, this.#epoch), ...parts])).close();
    segment.generation = next.generation;
    let offset = headerBytes;
    const placed = kept.map((record) => {
      const moved = { ...record, offset };
      offset += record.size;
      return moved;
    });
    segment.bytes = offset;
    segment.live = kept.length;
    segment.liveBytes = offset - headerBytes;
    return placed;
  }

  async delete(segment: Segment): Promise<void> {
    await this.#fs.unlink(this.path(segment));
  }

  async #publish(segment: Segment, parts: readonly Uint8Array[]): Promise<JournalFile> {
    const path = this.path(segment);
    const temporary = `${path}.tmp`;
    const file = await this.#fs.open(temporary, "w+");
    try {
      await writeFully(file, parts, 0);
      await file.sync();
      await this.#fs.rename(temporary, path);
      await syncFolder(this.#fs, join(this.#dir, segment.lane));
    } catch (error) {
      await file.close().catch(() => undefined);
      await this.#fs.unlink(temporary).catch(() => undefined);
      throw error;
    }
    return file;
  }
}

/** A segment of which nothing is known yet but its name. */
export function emptySegment(lane: string, first: number): Segment {
  return { lane, first, generation: 0, last: first - 1, bytes: headerBytes, live: 0, liveBytes: 0, sealed: false };
}

/** What a segment's header says, once its checksum holds. */
export interface SegmentHeader {
  readonly epoch: string;
  readonly generation: number;
}

function encodeHeader(segment: Segment, epoch: string): Buffer {
  const header = Buffer.alloc(headerBytes);
  magic.copy(header, 0);
  header.writeUInt16LE(version, 8);
  header.writeUInt32LE(segment.generation, 12);
  header.write(epoch, 16, 8, "hex");
  header.writeUIntLE(segment.first, 24, 6);
  header.write(segment.lane, 32, 28, "utf8");
  header.writeUInt32LE(crc32(header.subarray(0, 60)), 60);
  return header;
}

/** The header of a segment's bytes, or undefined where it is damaged or of another format. */
export function decodeHeader(bytes: Buffer): SegmentHeader | undefined {
  if (bytes.length < headerBytes || !bytes.subarray(0, 8).equals(magic)) return undefined;
  if (bytes.readUInt32LE(60) !== crc32(bytes.subarray(0, 60)) || bytes.readUInt16LE(8) !== version) return undefined;
  return { epoch: bytes.toString("hex", 16, 24), generation: bytes.readUInt32LE(12) };
}
