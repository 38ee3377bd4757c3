import assert from "node:assert/strict";
import test from "node:test";
import { bytesText, figureText, pointsText, secondsText, wholeText } from "./figure-text.ts";

test("a figure is printed with its interval and count", () => {
  assert.equal(figureText({ value: 0.8312, low: 0.79, high: 0.868, n: 895 }), "83.1 % [79.0, 86.8] n=895");
});

test("a paired difference is printed in points with its sign", () => {
  assert.equal(pointsText({ value: 0.19, low: -0.0312, high: 0.23, n: 500 }), "+19.0 points [−3.1, +23.0]");
});

test("what was not compared says so", () => {
  assert.equal(figureText(null), "not compared");
});

test("bytes, seconds and counts read as a person says them", () => {
  assert.deepEqual([0, 999, 1000, 999_949, 3_140_000].map(bytesText), ["0 B", "999 B", "1.0 kB", "999.9 kB", "3.1 MB"]);
  assert.deepEqual([0, 8.44, 99.96, 125].map(secondsText), ["0.0 s", "8.4 s", "1 min 40 s", "2 min 05 s"]);
  assert.equal(wholeText(4960), "4,960");
});
