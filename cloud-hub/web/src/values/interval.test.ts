import assert from "node:assert/strict";
import { test } from "node:test";
import { layOut } from "./interval.ts";

const thresholds = { healthyBelow: 0.05, harmAbove: 0.03 };

test("an interval keeps its order and its side of the threshold", () => {
  const track = layOut({ value: 0.02, low: -0.01, high: 0.04, n: 100 }, thresholds)!;
  assert.ok(track.low < track.zero && track.zero < track.value && track.value < track.high);
  assert.ok(track.high < track.healthyBelow && track.low < track.harmAbove);
  assert.ok(!track.isCutLow && !track.isCutHigh);
});

test("what reaches beyond the scale is cut and said to be", () => {
  const track = layOut({ value: 1, low: -9, high: 9, n: 3 }, thresholds)!;
  assert.deepEqual([track.low, track.high, track.isCutLow, track.isCutHigh], [0, 1, true, true]);
});

test("without an interval nothing is drawn", () => {
  assert.equal(layOut({ value: 0.1, low: null, high: null, n: 0 }, thresholds), undefined);
});
