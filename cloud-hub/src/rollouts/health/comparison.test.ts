import assert from "node:assert/strict";
import { test } from "node:test";
import { compareDevices, gapOf } from "./comparison.ts";
import type { DeviceSeries, HealthFacts, HealthWindow } from "./facts.ts";
import { completeGate } from "./gate.ts";
import { estimateSpread } from "./spread.ts";
import { windowAt } from "./windows.fixture.ts";

const gate = completeGate({ beforeMs: 60_000 });
const openedAt = 100_000;

const old = (from: number, to: number, change: Partial<HealthWindow> = {}): HealthWindow[] => {
  const windows: HealthWindow[] = [];
  for (let at = from; at <= to; at += 5000) windows.push(windowAt(at, change));
  return windows;
};
const fresh = (from: number, to: number): HealthWindow[] => old(from, to, { release: "new" });

const facts = (treated: readonly DeviceSeries[], controls: readonly DeviceSeries[], now = 120_000): HealthFacts => {
  return { openedAt, now, treated, controls, history: estimateSpread([], 15_000), reference: null };
};
const switched = (device: string, wave: number, at = 100_000, to = 120_000): DeviceSeries => {
  return { device, wave, windows: [...old(5000, at), ...fresh(at + 5000, to)] };
};
const control = (device: string, from = 5000, to = 120_000): DeviceSeries => {
  return { device, wave: null, windows: old(from, to) };
};

test("a treated device is cut where its release changed, and its controls over the same time", () => {
  const { with: kind, cohorts } = compareDevices(facts([switched("a", 1)], [control("b"), control("c")]), gate);
  assert.equal(kind, "controls");
  const [cohort] = cohorts;
  assert.equal(cohort?.treated[0]?.before.frames, 12 * 125);
  assert.equal(cohort?.treated[0]?.after.frames, 4 * 125);
  assert.deepEqual(
    cohort?.others.map(({ before, after }) => [before.frames, after.frames]),
    [
      [12 * 125, 4 * 125],
      [12 * 125, 4 * 125],
    ],
  );
});

test("controls whose windows end at other moments are matched to the nearest", () => {
  const shifted = { device: "b", wave: null, windows: old(7000, 122_000) };
  const { cohorts } = compareDevices(facts([switched("a", 1)], [shifted], 125_000), gate);
  assert.equal(cohorts[0]?.others[0]?.after.frames, 4 * 125);
});

test("devices that changed at the same time share one cohort, others have their own", () => {
  const treated = [switched("a", 1), switched("b", 1), switched("c", 1, 110_000)];
  const { cohorts } = compareDevices(facts(treated, [control("d")]), gate);
  assert.deepEqual(
    cohorts.map((cohort) => [cohort.treated.length, cohort.others[0]?.after.frames]),
    [
      [2, 4 * 125],
      [1, 2 * 125],
    ],
  );
});

test("a device that did not change yet is not counted, and the newest wave has not soaked", () => {
  const comparison = compareDevices(facts([control("a"), switched("b", 1)].map(asWave), [control("c")]), gate);
  assert.equal(comparison.cohorts.flatMap(({ treated }) => treated).length, 1);
  assert.equal(comparison.soaked, 0.5);
});

test("windows by the new release from before the rollout are no sign of it", () => {
  const device = { device: "a", wave: 1, windows: [...fresh(5000, 50_000), ...old(55_000, 120_000)] };
  assert.equal(compareDevices(facts([device], [control("b")]), gate).cohorts.length, 0);
});

test("a device without a past by the old release cannot be compared with it", () => {
  const device = { device: "a", wave: 1, windows: fresh(105_000, 120_000) };
  const comparison = compareDevices(facts([device], [control("b")]), gate);
  assert.equal(comparison.cohorts.length, 0);
  assert.equal(comparison.soaked, 1);
});

test("a device that was away is compared over the time that it was back", () => {
  const device = { device: "a", wave: 1, windows: [...old(5000, 40_000), ...fresh(110_000, 120_000)] };
  const { cohorts } = compareDevices(facts([device], [control("b")]), gate);
  assert.equal(cohorts[0]?.others[0]?.after.frames, 3 * 125);
  assert.equal(cohorts[0]?.others[0]?.before.frames, 8 * 125);
});

test("a device that went silent is compared over the time until then", () => {
  const { cohorts } = compareDevices(facts([switched("a", 1, 100_000, 110_000)], [control("b")]), gate);
  assert.equal(cohorts[0]?.treated[0]?.after.durationMs, 10_000);
  assert.equal(cohorts[0]?.others[0]?.after.frames, 2 * 125);
});

test("controls that vanished are silence, not a reason to do without them", () => {
  const comparison = compareDevices(facts([switched("a", 1)], [control("b", 5000, 95_000)]), gate);
  assert.deepEqual([comparison.with, comparison.cohorts.length], ["controls", 0]);
});

test("what a control answered by the new release is left out", () => {
  const windows = [...old(5000, 100_000), ...fresh(105_000, 120_000)];
  const comparison = compareDevices(facts([switched("a", 1)], [{ device: "b", wave: null, windows }]), gate);
  assert.equal(comparison.cohorts.length, 0);
});

test("the last wave is compared with earlier ones, over the time that they were on the new release already", () => {
  const treated = [
    switched("a", 1, 100_000, 160_000),
    switched("b", 2, 130_000, 160_000),
    switched("c", 2, 130_000, 160_000),
  ];
  const comparison = compareDevices(facts(treated, [], 160_000), gate);
  assert.deepEqual([comparison.with, comparison.wave], ["earlier-waves", 2]);
  const [cohort] = comparison.cohorts;
  assert.deepEqual(
    cohort?.treated.map(({ device }) => device),
    ["b", "c"],
  );
  assert.equal(cohort?.treated[0]?.before.durationMs, 30_000);
  assert.equal(cohort?.others[0]?.before.durationMs, 30_000);
  assert.equal(cohort?.others[0]?.before.frames, 6 * 125);
});

test("a device of an earlier wave that came late does not shorten the comparison for all", () => {
  const earlier = [
    switched("a", 1, 100_000, 160_000),
    switched("b", 1, 100_000, 160_000),
    switched("late", 1, 125_000, 160_000),
  ];
  const comparison = compareDevices(facts([...earlier, switched("c", 2, 130_000, 160_000)], [], 160_000), gate);
  const [cohort] = comparison.cohorts;
  assert.equal(cohort?.treated[0]?.before.durationMs, 30_000);
  assert.deepEqual(
    cohort?.others.map(({ device }) => device),
    ["a", "b"],
  );
});

test("a single wave over everybody is compared with its own past, over as long a time", () => {
  const comparison = compareDevices(facts([switched("a", 1), switched("b", 1)], []), gate);
  assert.equal(comparison.with, "own-past");
  const changes = comparison.cohorts.flatMap(({ treated }) => treated);
  assert.deepEqual(
    changes.map(({ before, after }) => [before.durationMs, after.durationMs]),
    [
      [20_000, 20_000],
      [20_000, 20_000],
    ],
  );
});

test("nobody treated is nobody compared", () => {
  const comparison = compareDevices(facts([], [control("b")]), gate);
  assert.deepEqual([comparison.cohorts.length, comparison.soaked, comparison.wave], [0, 0, 1]);
});

test("the usual gap between windows is not moved by one long silence", () => {
  assert.equal(gapOf([...old(5000, 30_000), ...old(3_600_000, 3_620_000)]), 5000);
  assert.equal(gapOf([windowAt(5000)]), 0);
  assert.equal(gapOf([]), 0);
});

test("many short windows after a swap do not hide the usual gap", () => {
  const cut = [windowAt(100_000), windowAt(101_000, { release: "new" }), ...fresh(106_000, 121_000)];
  assert.equal(gapOf(cut), 5000);
});

function asWave(series: DeviceSeries): DeviceSeries {
  return { ...series, wave: 1 };
}
