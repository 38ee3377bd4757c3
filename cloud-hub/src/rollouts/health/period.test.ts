import assert from "node:assert/strict";
import { test } from "node:test";
import { periodOf } from "./period.ts";
import { windowAt } from "./windows.fixture.ts";

test("a stretch begins after its start and includes its end", () => {
  const windows = [5000, 10_000, 15_000, 20_000].map((at) => windowAt(at));
  const period = periodOf(windows, "old", { from: 5000, to: 15_000 });
  assert.equal(period?.frames, 250);
  assert.equal(period?.durationMs, 10_000);
});

test("everything that can be added is added", () => {
  const change = { errors: 1, dropped: 2, restarts: 1, outcomes: 4, badOutcomes: 1 };
  const period = periodOf([windowAt(5000, change), windowAt(10_000, change)], "old", { from: 0, to: 10_000 })!;
  assert.deepEqual(
    [period.errors, period.dropped, period.restarts, period.outcomes, period.badOutcomes],
    [2, 4, 2, 8, 2],
  );
  assert.ok(Math.abs(period.confidenceSum - 200) < 1e-9);
  assert.ok(Math.abs(period.confidenceSquares - 170) < 1e-9);
  assert.ok(Math.abs(period.logLatencySum - 250 * Math.log(5000)) < 1e-9);
});

test("class counts of different lengths are added class by class", () => {
  const windows = [windowAt(5000, { classCounts: [1, 2] }), windowAt(10_000, { classCounts: [1, 2, 3] })];
  assert.deepEqual(periodOf(windows, "old", { from: 0, to: 10_000 })?.classCounts, [2, 4, 3]);
});

test("a stretch without windows is nothing, one of zero frames is a period", () => {
  assert.equal(periodOf([windowAt(5000)], "old", { from: 5000, to: 9000 }), null);
  assert.equal(periodOf([], "old", { from: 0, to: 9000 }), null);
  assert.equal(periodOf([windowAt(5000, { frames: 0 })], "old", { from: 0, to: 5000 })?.frames, 0);
});

test("a stretch whose ends are no numbers holds nothing", () => {
  assert.equal(periodOf([windowAt(5000)], "old", { from: Number.NaN, to: Number.NaN }), null);
});

test("windows by the other release are left out", () => {
  const windows = [windowAt(5000), windowAt(10_000, { release: "new" }), windowAt(15_000)];
  assert.equal(periodOf(windows, "old", { from: 0, to: 15_000 })?.frames, 250);
  assert.equal(periodOf(windows, "new", { from: 0, to: 15_000 })?.frames, 125);
});

test("a stretch is found anywhere among many windows", () => {
  const windows = Array.from({ length: 500 }, (_, index) => windowAt(5000 * (index + 1), { frames: index }));
  for (const [first, last] of [
    [1, 500],
    [1, 1],
    [500, 500],
    [123, 321],
  ] as const) {
    const naive = windows.slice(first - 1, last).reduce((sum, { frames }) => sum + frames, 0);
    assert.equal(periodOf(windows, "old", { from: 5000 * (first - 1), to: 5000 * last })?.frames, naive);
  }
});
