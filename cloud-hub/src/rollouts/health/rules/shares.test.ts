import assert from "node:assert/strict";
import { test } from "node:test";
import { drops } from "./drops.ts";
import { errors } from "./errors.ts";
import { outcomes } from "./outcomes.ts";
import { even, periodWith } from "./period.fixture.ts";

test("errors are a share of the frames that were tried", () => {
  const seen = errors.observe(periodWith({ frames: 392, errors: 8 }), even)!;
  assert.deepEqual([seen.level, seen.n], [0.02, 400]);
});

test("a device whose every frame ends in an error has an error rate of one", () => {
  assert.equal(errors.observe(periodWith({ frames: 0, errors: 400 }), even)?.level, 1);
});

test("drops are a share of all frames that came, answered or not", () => {
  const seen = drops.observe(periodWith({ frames: 300, errors: 50, dropped: 50 }), even)!;
  assert.deepEqual([seen.level, seen.n], [0.125, 400]);
});

test("bad outcomes are a share of those reported, not of the frames", () => {
  const seen = outcomes.observe(periodWith({ outcomes: 20, badOutcomes: 5 }), even)!;
  assert.deepEqual([seen.level, seen.n], [0.25, 20]);
  assert.equal(outcomes.count(periodWith({ outcomes: 20 })), 20);
});

test("none seen is not none possible", () => {
  for (const rule of [errors, drops]) {
    const { variance } = rule.observe(periodWith(), even)!;
    assert.ok(variance > 0.002 && variance < 0.003, `${rule.name} ${variance}`);
  }
});

test("a silent period tells nothing", () => {
  const silent = periodWith({ frames: 0 });
  for (const rule of [errors, drops, outcomes]) assert.equal(rule.observe(silent, even), null);
});

test("shares are told in points", () => {
  assert.equal(errors.tell(0.0192), "the error rate rose by 1.9 points");
  assert.equal(drops.tell(-0.25), "the drop rate fell by 25 points");
  assert.equal(outcomes.tell(0.1), "the share of bad outcomes rose by 10 points");
});
