import assert from "node:assert/strict";
import { test } from "node:test";
import { checksumSeed, deadMark, decodeRecord, encodeRecord, scanRecords } from "./record-format.ts";

const seed = checksumSeed("00112233445566ff", "samples");
const stored = (seq: number, payload = "pixels") => ({
  seq,
  order: seq + 1,
  priority: 0.5,
  at: 1_700_000_000_000,
  kind: "sample",
  note: "",
  payload: Buffer.from(payload),
});
const bytesOf = (...seqs: number[]): Buffer => Buffer.concat(seqs.flatMap((seq) => encodeRecord(stored(seq), seed)));

test("writes the bytes that were fixed with version 1", () => {
  const golden =
    "e1f12b000000e2a8e90c070000000000080000000000000000000000e03f00008056febc784206000073616d706c65706978656c73";
  assert.equal(bytesOf(7).toString("hex"), golden);
});

test("reads back what it wrote, and nothing under another epoch, lane or after any flipped bit", () => {
  const bytes = bytesOf(7);
  assert.deepEqual(decodeRecord(bytes, 0, seed), { ...stored(7), offset: 0, size: bytes.length, dead: false });
  assert.equal(decodeRecord(bytes, 0, checksumSeed("00112233445566ff", "audit")), undefined);
  for (let bit = 16; bit < bytes.length * 8; bit += 1) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3] = flipped[bit >> 3]! ^ (1 << (bit & 7));
    assert.equal(decodeRecord(flipped, 0, seed), undefined, `bit ${bit}`);
  }
});

test("takes a record for evicted by its mark, which no single flipped bit sets", () => {
  const bytes = bytesOf(7);
  for (let bit = 0; bit < 16; bit += 1) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3] = flipped[bit >> 3]! ^ (1 << (bit & 7));
    assert.equal(decodeRecord(flipped, 0, seed)?.dead, false);
  }
  Buffer.from(deadMark).copy(bytes);
  assert.equal(decodeRecord(bytes, 0, seed)?.dead, true);
});

test("skips a damaged block and goes on at the next true record", () => {
  const bytes = bytesOf(1, 2, 3);
  const size = bytes.length / 3;
  for (const at of [size + 2, size + 7, size + 20]) {
    const damaged = Buffer.from(bytes);
    damaged[at] = damaged[at]! ^ 0xff;
    const scan = scanRecords(damaged, 0, seed, 0);
    assert.deepEqual(
      scan.records.map(({ seq }) => seq),
      [1, 3],
    );
    assert.deepEqual(scan.damaged, [{ afterSeq: 1, beforeSeq: 3, offset: size, size }]);
  }
});

test("ends at a torn tail and takes neither zeros nor an old number for a record", () => {
  const bytes = bytesOf(1, 2, 3);
  const size = bytes.length / 3;
  for (let cut = 1; cut < size; cut += 1) {
    assert.equal(scanRecords(bytes.subarray(0, bytes.length - cut), 0, seed, 0).end, 2 * size);
  }
  assert.equal(scanRecords(Buffer.concat([bytes, Buffer.alloc(4096)]), 0, seed, 0).end, 3 * size);
  assert.equal(scanRecords(bytesOf(1, 2, 2), 0, seed, 0).end, 2 * size);
});

test("does not take a record inside another record's payload for one of its own when the outer one is damaged", () => {
  const inner = Buffer.concat([...encodeRecord(stored(9), checksumSeed("ffffffffffffffff", "samples"))]);
  const outer = Buffer.concat([...encodeRecord({ ...stored(1), payload: inner }, seed), bytesOf(2)]);
  outer[12] = outer[12]! ^ 0xff;
  outer[50] = outer[50]! ^ 0xff;
  assert.deepEqual(
    scanRecords(outer, 0, seed, 0).records.map(({ seq }) => seq),
    [2],
  );
});
