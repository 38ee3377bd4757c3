import assert from "node:assert/strict";
import { test } from "node:test";
import { killJournal } from "./journal-kill.ts";

test("keeps every acknowledged record of a journal whose process is killed at random moments", async () => {
  const report = await killJournal(Number(process.env.CYCLES ?? 10), 4);
  assert.ok(report.acknowledged > 100, `only ${report.acknowledged} records were acknowledged`);
  assert.equal(report.lost, 0);
  assert.equal(report.reused, 0);
});
