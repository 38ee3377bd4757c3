import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { runCommand } from "./command.ts";

test("the demo on a folder that is none or holds no images says so in one sentence and fails", async () => {
  const empty = await mkdtemp(join(tmpdir(), "fieldloop-empty-"));
  for (const folder of [join(empty, "nowhere"), empty]) {
    const { code, out, err } = await runCommand("demo", ["--field", folder, "--once"]);
    assert.deepEqual([code, out], [1, ""], err);
    assert.match(err.trim(), /^Expected [^\n]+\.$/);
    assert.ok(err.includes(folder));
  }
  await rm(empty, { recursive: true });
});
