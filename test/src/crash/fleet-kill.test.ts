import assert from "node:assert/strict";
import { test } from "node:test";
import { killHubAndEdge } from "./fleet-kill.ts";

test("loses and doubles nothing when hub and device are killed at random moments", async () => {
  const report = await killHubAndEdge(Number(process.env.CYCLES ?? 3), 5);
  const { acknowledged, answeredImports, lost, duplicated, quarantined, unreadable, undrained } = report;
  assert.ok(acknowledged > 50, `only ${acknowledged} records were acknowledged`);
  assert.ok(answeredImports > 0, "no import was answered");
  const none = { lost: 0, duplicated: 0, quarantined: 0, unreadable: 0, undrained: 0 };
  assert.deepEqual({ lost, duplicated, quarantined, unreadable, undrained }, none);
});
