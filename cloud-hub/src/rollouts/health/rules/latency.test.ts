import assert from "node:assert/strict";
import { test } from "node:test";
import { latency } from "./latency.ts";
import { even, periodWith } from "./period.fixture.ts";

test("differences of its level are factors of latency", () => {
  const fast = latency.observe(periodWith(), even)!;
  const slow = latency.observe(periodWith({ logLatencySum: 400 * Math.log(10_000) }), even)!;
  assert.ok(Math.abs(latency.toUnit(slow.level - fast.level) - 2) < 1e-9);
});

test("the gate's factor and the inner scale convert both ways", () => {
  assert.ok(Math.abs(latency.toUnit(latency.toInner(1.2)) - 1.2) < 1e-12);
});

test("a period without answers has no latency", () => {
  assert.equal(latency.observe(periodWith({ frames: 0, logLatencySum: 0 }), even), null);
});

test("it says how many times as long", () => {
  assert.equal(latency.tell(2.04), "answers took 2.04 times as long");
});
