import assert from "node:assert/strict";
import { test } from "node:test";
import { confidence } from "./confidence.ts";
import { even, periodWith } from "./period.fixture.ts";

test("less confidence is worse", () => {
  const sure = confidence.observe(periodWith(), even)!;
  const unsure = confidence.observe(periodWith({ confidenceSum: 200 }), even)!;
  assert.ok(Math.abs(unsure.level - sure.level - 0.3) < 1e-12);
});

test("its variance is that of the frames", () => {
  const { n, variance } = confidence.observe(periodWith(), even)!;
  assert.equal(n, 400);
  assert.ok(Math.abs(variance - 0.04) < 1e-12);
});

test("a model that is always equally sure is not known without error", () => {
  const { variance } = confidence.observe(periodWith({ confidenceSum: 400, confidenceSquares: 400 }), even)!;
  assert.ok(variance > 0);
});

test("a period without answers tells nothing", () => {
  assert.equal(confidence.observe(periodWith({ frames: 0, confidenceSum: 0, confidenceSquares: 0 }), even), null);
});

test("it says which way confidence went", () => {
  assert.equal(confidence.tell(0.412), "mean confidence fell by 0.412");
  assert.equal(confidence.tell(-0.1), "mean confidence rose by 0.100");
});
