import assert from "node:assert/strict";
import { test } from "node:test";
import { softmax, topOf } from "./answer.ts";

test("softmax of a row sums to one and survives large logits", () => {
  const row = softmax([0, 1000, 999, 5], 1, 2);
  assert.ok(Math.abs(row[0]! + row[1]! - 1) < 1e-6);
  assert.ok(Math.abs(row[0]! - 0.7310586) < 1e-6);
});

test("the margin is the lead over the runner-up, wherever it stands", () => {
  const close = (actual: { index: number; margin: number }, index: number, margin: number) => {
    assert.equal(actual.index, index);
    assert.ok(Math.abs(actual.margin - margin) < 1e-9);
  };
  close(topOf([0.5, 0.3, 0.2]), 0, 0.2);
  close(topOf([0.2, 0.3, 0.5]), 2, 0.2);
  close(topOf([0.3, 0.5, 0.2]), 1, 0.2);
});
