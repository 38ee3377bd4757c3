import assert from "node:assert/strict";
import { test } from "node:test";
import { killHub } from "./hub-kill.ts";

test("keeps every acknowledged sample and every answered decision once, though the hub is killed again and again", async () => {
  const report = await killHub(3, 5);
  assert.ok(report.taken > 0 && report.decisions > 0, JSON.stringify(report));
  const { lost, duplicated, decisionsLost } = report;
  assert.deepEqual({ lost, duplicated, decisionsLost }, { lost: 0, duplicated: 0, decisionsLost: 0 });
});
