import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { openBlobStore } from "./blob-store.ts";

const dir = mkdtempSync(join(tmpdir(), "fieldloop-blobs-"));
after(() => rmSync(dir, { recursive: true, force: true }));

const bytes = Buffer.from("a road sign");
const hex = createHash("sha256").update(bytes).digest("hex");

test("names bytes by their digest and gives them back", async () => {
  const blobs = await openBlobStore(dir);
  const names = await Promise.all([blobs.put(bytes), blobs.put(bytes), blobs.put(Buffer.from("another"))]);
  assert.equal(names[0], `sha256:${hex}`);
  assert.equal(names[1], names[0]);
  assert.deepEqual(Buffer.from(await blobs.get(names[0]!)), bytes);
  const { bytes: size, content } = await blobs.stream(names[0]!);
  assert.equal(size, bytes.length);
  assert.deepEqual(Buffer.concat(await content.toArray()), bytes);
  const listed: string[] = [];
  for await (const name of blobs.list()) listed.push(name);
  assert.equal(listed.length, 2);
  assert.deepEqual(
    readdirSync(dir).filter((name) => name.startsWith(".new")),
    [],
  );
});

test("refuses names that are none, and says when bytes are missing or changed on the disk", async () => {
  const blobs = await openBlobStore(dir);
  await assert.rejects(blobs.get(`sha256:${"0".repeat(64)}`), { code: "missing-blob" });
  await assert.rejects(blobs.get("sha256:../../etc/passwd"), { code: "missing-blob" });
  writeFileSync(join(dir, hex.slice(0, 2), hex), "a rotten sign");
  await assert.rejects(blobs.get(`sha256:${hex}`), { code: "damaged-blob" });
});

test("writes a blob anew whose file was cut short, and removes what a crash left half written", async () => {
  writeFileSync(join(dir, hex.slice(0, 2), hex), "a road");
  writeFileSync(join(dir, ".new-left"), "half");
  const blobs = await openBlobStore(dir);
  assert.deepEqual(Buffer.from(await blobs.get(await blobs.put(bytes))), bytes);
  assert.equal(readdirSync(dir).includes(".new-left"), false);
});
