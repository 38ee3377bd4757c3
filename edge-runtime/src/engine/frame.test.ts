import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { type Frame, frameReader, writeFrame } from "./frame.ts";

function wire(frame: Frame): Buffer {
  const socket = new PassThrough();
  writeFrame(socket, frame, 1 << 20);
  return socket.read();
}

const frame: Frame = {
  header: { id: 7, op: "run" },
  tensors: {
    a: { dtype: "uint8", shape: [3], data: Uint8Array.of(1, 2, 3) },
    b: { dtype: "float32", shape: [1, 2], data: Float32Array.of(0.5, -2) },
    c: { dtype: "int64", shape: [1], data: BigInt64Array.of(-9n) },
  },
};

test("gives back what was written, however the stream is cut", () => {
  const bytes = Buffer.concat([wire(frame), wire(frame)]);
  for (const step of [1, 3, 7, 64, bytes.length]) {
    const read: Frame[] = [];
    const reader = frameReader(1 << 20, (received) => read.push(received));
    for (let at = 0; at < bytes.length; at += step) reader(bytes.subarray(at, at + step));
    assert.equal(read.length, 2);
    assert.deepEqual(read[1]?.tensors, frame.tensors);
    assert.equal(read[1]?.header.op, "run");
  }
});

test("lays every tensor of a frame over one buffer, aligned to 8 bytes", () => {
  const read: Frame[] = [];
  frameReader(1 << 20, (received) => read.push(received))(wire(frame));
  const arrays = Object.values(read[0]?.tensors ?? {}).map((tensor) => tensor.data);
  assert.equal(new Set(arrays.map((array) => array.buffer)).size, 1);
  assert.ok(arrays.every((array) => array.byteOffset % 8 === 0));
});

test("refuses an announced length above the limit before taking memory for it", () => {
  const reader = frameReader(1 << 20, () => undefined);
  assert.throws(() => reader(Uint8Array.of(255, 255, 255, 255)), { code: "frame-too-large" });
});

test("refuses frames whose header or tensors do not fit them", () => {
  const good = wire(frame);
  const patched = (change: (bytes: Buffer) => void) => {
    const bytes = Buffer.from(good);
    change(bytes);
    return bytes;
  };
  const bad = [
    Buffer.from([1, 0, 0, 0, 0]),
    patched((bytes) => bytes.writeUInt32LE(60_000, 4)),
    patched((bytes) => bytes.fill(255, 8, 20)),
    patched((bytes) => bytes.writeUInt32LE(good.length - 4 - 16, 0)),
  ];
  for (const bytes of bad) {
    assert.throws(() => frameReader(1 << 20, () => undefined)(bytes), { code: "malformed-frame" });
  }
});
