import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@fieldloop/compiler/statistics";
import type { Change, Cohort, Comparison } from "./comparison.ts";
import { differenceOf } from "./difference.ts";
import type { Spread } from "./facts.ts";
import type { Period } from "./period.ts";
import { confidence } from "./rules/confidence.ts";
import { outcomes } from "./rules/outcomes.ts";
import { periodWith } from "./rules/period.fixture.ts";

const spread: Spread = { value: 0.04, alone: 0.1, degrees: 30, design: 2, from: "history", n: 50 };
const options = { spread, periodMs: 15_000, classShares: [] };

const sure = (mean: number, change: Partial<Period> = {}): Period =>
  periodWith({ confidenceSum: 400 * mean, confidenceSquares: 400 * (mean * mean + 0.04), ...change });
const changed = (device: string, before: number, after: number): Change => {
  return { device, before: sure(before), after: sure(after) };
};
const comparison = (cohorts: readonly Cohort[], kind: Comparison["with"] = "controls"): Comparison => {
  return { with: kind, wave: 1, soaked: 1, cohorts };
};
const near = (actual: number | undefined, expected: number) =>
  assert.ok(actual !== undefined && Math.abs(actual - expected) < 1e-9, `${actual} is not ${expected}`);

test("what all devices go through together is not blamed on the release", () => {
  const cohort = { treated: [changed("a", 0.9, 0.7)], others: [changed("b", 0.8, 0.6), changed("c", 0.7, 0.5)] };
  near(differenceOf(confidence, comparison([cohort]), options)?.value, 0);
});

test("harm is what the treated lost beyond the others", () => {
  const cohort = { treated: [changed("a", 0.9, 0.4)], others: [changed("b", 0.8, 0.6), changed("c", 0.8, 0.7)] };
  const found = differenceOf(confidence, comparison([cohort]), options)!;
  near(found.value, 0.5 - 0.15);
  assert.deepEqual(found.devices, { treated: 1, control: 2 });
  assert.equal(found.n, 400);
});

test("each device counts once, whatever it sent", () => {
  const busy = {
    device: "a",
    before: sure(0.9),
    after: sure(0.7, { frames: 4000, confidenceSum: 2800, confidenceSquares: 2120 }),
  };
  const cohort = { treated: [busy, changed("b", 0.9, 0.9)], others: [changed("c", 0.8, 0.8)] };
  near(differenceOf(confidence, comparison([cohort]), options)?.value, 0.1);
});

test("cohorts are compared each with its own time, and averaged by their devices", () => {
  const random = seededRandom("cohorts");
  const draw = (count: number, name: string) =>
    Array.from({ length: count }, (_, index) => changed(`${name}${index}`, 0.5 + 0.4 * random(), 0.5 + 0.4 * random()));
  const cohorts = [
    { treated: draw(3, "a"), others: draw(5, "c") },
    { treated: draw(7, "b"), others: draw(4, "d") },
  ];
  const naive = cohorts.flatMap(({ treated, others }) => {
    let shared = 0;
    for (const { before, after } of others)
      shared += (before.confidenceSum - after.confidenceSum) / 400 / others.length;
    return treated.map(({ before, after }) => (before.confidenceSum - after.confidenceSum) / 400 - shared);
  });
  near(differenceOf(confidence, comparison(cohorts), options)?.value, naive.reduce((a, b) => a + b, 0) / naive.length);
});

test("the uncertainty is that of one treated device and two others, before and after", () => {
  const cohort = { treated: [changed("a", 0.9, 0.7)], others: [changed("b", 0.8, 0.6), changed("c", 0.7, 0.5)] };
  const { uncertainty } = differenceOf(confidence, comparison([cohort]), options)!;
  near(uncertainty.deviceSd, 0.04 * Math.sqrt(1 + 1 / 2));
  near(uncertainty.variance, (2 * 0.04 * 2 * (1 + 1 / 2)) / 400);
  assert.equal(uncertainty.degrees, 30);
});

test("cohorts that share their others do not make the others many", () => {
  const others = [changed("x", 0.8, 0.8), changed("y", 0.8, 0.8)];
  const cohorts = Array.from({ length: 100 }, (_, index) => ({ treated: [changed(`a${index}`, 0.8, 0.8)], others }));
  const { uncertainty } = differenceOf(confidence, comparison(cohorts), options)!;
  near(uncertainty.deviceSd, 0.04 * Math.sqrt(1 / 100 + 1 / 2));
});

test("less than a period wanders more, longer does not wander less", () => {
  const at = (durationMs: number) => {
    const after = sure(0.8, { durationMs });
    const cohort = {
      treated: [{ device: "a", before: sure(0.8), after }],
      others: [{ device: "b", before: sure(0.8), after }],
    };
    return differenceOf(confidence, comparison([cohort]), options)!.uncertainty.deviceSd;
  };
  near(at(15_000), 0.04 * Math.sqrt(2));
  near(at(5000), 0.04 * Math.sqrt(2) * Math.sqrt((1 + 3) / 2));
  near(at(900_000), at(15_000));
});

test("no single treated device can be the reason", () => {
  const treated = [changed("a", 0.9, 0.1), changed("b", 0.9, 0.9), changed("c", 0.9, 0.9), changed("d", 0.9, 0.9)];
  const found = differenceOf(confidence, comparison([{ treated, others: [changed("x", 0.9, 0.9)] }]), options)!;
  near(found.value, 0.2);
  near(found.cautious, 0);
});

test("nor can a single control that did wonderfully", () => {
  const others = [changed("x", 0.1, 0.9), changed("y", 0.9, 0.9), changed("z", 0.9, 0.9)];
  const found = differenceOf(confidence, comparison([{ treated: [changed("a", 0.9, 0.9)], others }]), options)!;
  near(found.value, 0.8 / 3);
  near(found.cautious, 0);
});

test("with one or two devices there is nobody to leave out", () => {
  const treated = [changed("a", 0.9, 0.1), changed("b", 0.9, 0.9)];
  const found = differenceOf(confidence, comparison([{ treated, others: [changed("x", 0.9, 0.9)] }]), options)!;
  near(found.cautious, found.value);
});

test("harm that all devices share survives leaving any one out", () => {
  const treated = Array.from({ length: 5 }, (_, index) => changed(`a${index}`, 0.9, 0.4));
  const others = Array.from({ length: 5 }, (_, index) => changed(`b${index}`, 0.9, 0.9));
  near(differenceOf(confidence, comparison([{ treated, others }]), options)?.cautious, 0.5);
});

test("with nobody to compare with the plain change counts, and its wider spread", () => {
  const found = differenceOf(
    confidence,
    comparison([{ treated: [changed("a", 0.9, 0.7)], others: [] }], "own-past"),
    options,
  )!;
  near(found.value, 0.2);
  near(found.uncertainty.deviceSd, 0.1);
  assert.deepEqual(found.devices, { treated: 1, control: 0 });
});

test("a device without answers is not counted, and without any device there is no difference", () => {
  const mute = { device: "m", before: sure(0.9), after: periodWith({ frames: 0 }) };
  const others = [changed("x", 0.8, 0.8)];
  assert.equal(differenceOf(confidence, comparison([{ treated: [mute], others }]), options), null);
  assert.equal(differenceOf(confidence, comparison([]), options), null);
  const found = differenceOf(confidence, comparison([{ treated: [mute, changed("a", 0.8, 0.7)], others }]), options);
  assert.equal(found?.devices.treated, 1);
});

test("a rule whose others tell nothing has nothing to compare with", () => {
  const spoken = {
    device: "a",
    before: periodWith({ outcomes: 9 }),
    after: periodWith({ outcomes: 9, badOutcomes: 9 }),
  };
  const found = differenceOf(outcomes, comparison([{ treated: [spoken], others: [changed("x", 0.8, 0.8)] }]), options);
  assert.equal(found, null);
});

test("what a rule counts is counted after the change only", () => {
  const spoken = (device: string) => {
    return { device, before: periodWith({ outcomes: 50 }), after: periodWith({ outcomes: 7, badOutcomes: 1 }) };
  };
  const found = differenceOf(
    outcomes,
    comparison([{ treated: [spoken("a"), spoken("b")], others: [spoken("x")] }]),
    options,
  );
  assert.equal(found?.n, 14);
});
