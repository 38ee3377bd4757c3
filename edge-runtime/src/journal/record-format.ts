import { crc32 } from "node:zlib";

/**
 * One record in a segment, little endian:
 *
 *     mark u16 · length u32 · crc32 u32 · seq u48 · order u48 · priority f64 · at f64 · kindBytes u8 · noteBytes u16 · kind · note · payload
 *
 * `length` counts what follows the checksum, which covers the length and all that follows, seeded by epoch and lane, so
 * that no foreign bytes pass for a record. `mark` alone changes after writing: live to dead when the record is evicted.
 */
export interface StoredRecord {
  readonly seq: number;
  readonly order: number;
  readonly priority: number;
  readonly at: number;
  readonly kind: string;
  readonly note: string;
  readonly payload: Uint8Array;
}

/** Where a record stands in its segment, and whether it was evicted. */
export interface PlacedRecord extends StoredRecord {
  readonly offset: number;
  readonly size: number;
  readonly dead: boolean;
}

/** Bytes of a record beside its kind, note and payload. */
export const recordOverheadBytes = 41;
/** The two bytes that turn a record into an evicted one. */
export const deadMark = Uint8Array.of(0x1e, 0x0e);

const liveMark = 0xf1e1;
const bodyStart = 10;
const fixedBodyBytes = 31;
const largestBodyBytes = 64 * 1024 * 1024;

/** The checksum seed of a lane: what keeps records of another epoch or lane out. */
export function checksumSeed(epoch: string, lane: string): number {
  return crc32(`${epoch}/${lane}`);
}

/** The bytes of a record, the payload uncopied, for one `writev`. */
export function encodeRecord(record: StoredRecord, seed: number): readonly [Uint8Array, Uint8Array] {
  const kind = Buffer.from(record.kind);
  const note = Buffer.from(record.note);
  const head = Buffer.allocUnsafe(bodyStart + fixedBodyBytes + kind.length + note.length);
  head.writeUInt16LE(liveMark, 0);
  head.writeUInt32LE(head.length - bodyStart + record.payload.byteLength, 2);
  head.writeUIntLE(record.seq, 10, 6);
  head.writeUIntLE(record.order, 16, 6);
  head.writeDoubleLE(record.priority, 22);
  head.writeDoubleLE(record.at, 30);
  head.writeUInt8(kind.length, 38);
  head.writeUInt16LE(note.length, 39);
  kind.copy(head, 41);
  note.copy(head, 41 + kind.length);
  const ofHead = crc32(head.subarray(bodyStart), crc32(head.subarray(2, 6), seed));
  head.writeUInt32LE(crc32(record.payload, ofHead), 6);
  return [head, record.payload];
}

/** The record at `offset`, or undefined where there is none whole and true. */
export function decodeRecord(bytes: Buffer, offset: number, seed: number): PlacedRecord | undefined {
  const end = endOfRecord(bytes, offset);
  if (end === undefined) return undefined;
  const body = bytes.subarray(offset + bodyStart, end);
  const expected = crc32(body, crc32(bytes.subarray(offset + 2, offset + 6), seed));
  if (bytes.readUInt32LE(offset + 6) !== expected) return undefined;
  const kindEnd = fixedBodyBytes + body.readUInt8(28);
  const noteEnd = kindEnd + body.readUInt16LE(29);
  if (noteEnd > body.length) return undefined;
  return {
    seq: body.readUIntLE(0, 6),
    order: body.readUIntLE(6, 6),
    priority: body.readDoubleLE(12),
    at: body.readDoubleLE(20),
    kind: body.toString("utf8", fixedBodyBytes, kindEnd),
    note: body.toString("utf8", kindEnd, noteEnd),
    payload: body.subarray(noteEnd),
    offset,
    size: end - offset,
    dead: isDead(bytes.readUInt16LE(offset)),
  };
}

/** A stretch of a segment that holds no true record: between which numbers, where, and whether it was given up before. */
export interface DamagedBlock {
  readonly afterSeq: number;
  readonly beforeSeq: number;
  readonly offset: number;
  readonly size: number;
}

/** What a segment's bytes hold; from `end` on nothing is a record. */
export interface Scan {
  readonly records: readonly PlacedRecord[];
  readonly damaged: readonly DamagedBlock[];
  readonly end: number;
}

/**
 * Reads a segment record by record and, past a block that fails its checksum, goes on at the next true record.
 * start: offset of the first record · afterSeq: the highest number before this segment
 */
export function scanRecords(bytes: Buffer, start: number, seed: number, afterSeq: number): Scan {
  const records: PlacedRecord[] = [];
  const damaged: DamagedBlock[] = [];
  let last = afterSeq;
  let end = start;
  for (let offset = start; offset < bytes.length; ) {
    const record = trueRecord(bytes, offset, seed, last) ?? nextRecord(bytes, offset, seed, last);
    if (record === undefined) break;
    if (record.offset > offset && !wasGivenUp(bytes, offset, record.offset)) {
      damaged.push({ afterSeq: last, beforeSeq: record.seq, offset, size: record.offset - offset });
    }
    records.push(record);
    last = record.seq;
    end = offset = record.offset + record.size;
  }
  return { records, damaged, end };
}

function trueRecord(bytes: Buffer, offset: number, seed: number, last: number): PlacedRecord | undefined {
  if (offset + bodyStart + 6 > bytes.length || bytes.readUIntLE(offset + bodyStart, 6) <= last) return undefined;
  return decodeRecord(bytes, offset, seed);
}

function nextRecord(bytes: Buffer, offset: number, seed: number, last: number): PlacedRecord | undefined {
  const end = endOfRecord(bytes, offset);
  const chained = end === undefined ? undefined : trueRecord(bytes, end, seed, last);
  if (chained !== undefined) return chained;
  for (let at = offset + 1; at + bodyStart < bytes.length; at += 1) {
    const mark = bytes[at]! | (bytes[at + 1]! << 8);
    if (mark !== liveMark && mark !== (~liveMark & 0xffff)) continue;
    const found = trueRecord(bytes, at, seed, last);
    if (found !== undefined) return found;
  }
  return undefined;
}

function endOfRecord(bytes: Buffer, offset: number): number | undefined {
  if (offset + bodyStart + fixedBodyBytes > bytes.length) return undefined;
  const length = bytes.readUInt32LE(offset + 2);
  const end = offset + bodyStart + length;
  return length < fixedBodyBytes || length > largestBodyBytes || end > bytes.length ? undefined : end;
}

function wasGivenUp(bytes: Buffer, offset: number, next: number): boolean {
  return isDead(bytes.readUInt16LE(offset)) && endOfRecord(bytes, offset) === next;
}

/** Nearest of the two complementary marks, so that one flipped bit changes nothing. */
function isDead(mark: number): boolean {
  let different = mark ^ liveMark;
  let bits = 0;
  for (; different !== 0; different &= different - 1) bits += 1;
  return bits > 8;
}
