import assert from "node:assert/strict";
import { test } from "node:test";
import { even, periodWith } from "./period.fixture.ts";
import { restarts } from "./restarts.ts";

test("restarts are a rate per hour of the period, silent parts included", () => {
  const seen = restarts.observe(periodWith({ restarts: 2, durationMs: 1_800_000 }), even)!;
  assert.deepEqual([seen.level, seen.n], [4, 0.5]);
});

test("no restart in a short time leaves much open", () => {
  const { variance, n } = restarts.observe(periodWith(), even)!;
  assert.ok(Math.abs(Math.sqrt(variance / n) - 240) < 1e-9);
});

test("a device that restarts before it answers anything is counted", () => {
  assert.ok(restarts.observe(periodWith({ frames: 0, restarts: 3 }), even)!.level > 700);
});

test("a period of no length tells nothing", () => {
  assert.equal(restarts.observe(periodWith({ durationMs: 0 }), even), null);
});

test("it says more or less often", () => {
  assert.equal(restarts.tell(3), "devices restarted 3.0 times an hour more often");
  assert.equal(restarts.tell(-0.5), "devices restarted 0.5 times an hour less often");
});
