import assert from "node:assert/strict";
import { test } from "node:test";
import { joinCurves, lossesOf } from "./curve.ts";

test("curves of different steps share one column and have gaps where they say nothing", () => {
  const { steps, columns } = joinCurves([
    { steps: [25, 50], values: [2, 1] },
    { steps: [50, 75], values: [5, 4] },
  ]);
  assert.deepEqual(steps, [25, 50, 75]);
  assert.deepEqual(columns, [
    [2, 1, null],
    [null, 5, 4],
  ]);
});

test("losses are told from other numbers, the whole one first", () => {
  const names = lossesOf([
    { name: "loss.sign" },
    { name: "learningRate" },
    { name: "loss" },
    { name: "stepsPerSecond" },
  ]);
  assert.deepEqual(
    names.map(({ name }) => name),
    ["loss", "loss.sign"],
  );
});
