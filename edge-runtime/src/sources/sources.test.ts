import assert from "node:assert/strict";
import { mkdtemp, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { imageStream } from "./image-stream.ts";
import { watchedFolder } from "./watched-folder.ts";

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function framed(...images: readonly Uint8Array[]): Uint8Array {
  const parts = images.map((image) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(image.length);
    return Buffer.concat([length, image]);
  });
  return Buffer.concat(parts);
}

test("reads length-prefixed images however the stream is cut", async () => {
  const images = [Uint8Array.of(1), Uint8Array.from({ length: 700 }, (_, i) => i), Uint8Array.of(3, 4)];
  for (const size of [1, 3, 5, 64, 4096]) {
    const got = [];
    for await (const { image } of imageStream(chunksOf(framed(...images), size))) got.push(image);
    assert.deepEqual(got, images, `chunks of ${size}`);
  }
});

test("names the image at which a stream is cut or no stream of images", async () => {
  const read = async (bytes: Uint8Array) => {
    for await (const _ of imageStream(chunksOf(bytes, 10)));
  };
  await assert.rejects(read(framed(Uint8Array.of(1), Uint8Array.of(2, 3)).subarray(0, 10)), {
    code: "bad-source",
    message: /at image 2 the stream ended inside it/,
  });
  await assert.rejects(read(Buffer.from("GET / HTTP/1.1\r\n")), {
    code: "bad-source",
    message: /at image 1 its length/,
  });
  await assert.rejects(read(Buffer.alloc(4)), { code: "bad-source" });
});

test("gives a folder's images by name, then new and changed ones, and only images", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), "fieldloop-folder-"));
  t.after(() => rm(dir, { recursive: true }));
  for (const name of ["b.png", "a.jpg", "notes.txt", ".hidden.png"]) await old(join(dir, name), name);
  const stopping = new AbortController();
  const images = watchedFolder(dir, stopping.signal)[Symbol.asyncIterator]();
  const next = async () => {
    const { value } = await images.next();
    return `${value?.name}=${Buffer.from(value?.image ?? []).toString()}`;
  };
  assert.equal(await next(), "a.jpg=a.jpg");
  assert.equal(await next(), "b.png=b.png");
  await writeFile(join(dir, "c.tmp"), "whole");
  await rename(join(dir, "c.tmp"), join(dir, "c.webp"));
  assert.equal(await next(), "c.webp=whole");
  await writeFile(join(dir, "a.jpg"), "changed");
  assert.equal(await next(), "a.jpg=changed");
  const last = images.next();
  stopping.abort();
  assert.equal((await last).done, true);
});

test("refuses a folder that is none", async () => {
  const images = watchedFolder("/nowhere/at/all", new AbortController().signal)[Symbol.asyncIterator]();
  await assert.rejects(images.next(), { code: "bad-source" });
});

async function old(path: string, text: string): Promise<void> {
  await writeFile(path, text);
  await utimes(path, 1, 1);
}
