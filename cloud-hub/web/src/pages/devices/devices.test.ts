import assert from "node:assert/strict";
import { test } from "node:test";
import type { AnswerCounts, Device, TimelineEntry } from "../../api/device.ts";
import { healthRank, shownHealth } from "./device-health.ts";
import { releaseSpans } from "./release-spans.ts";
import { byReason, frameRates, latencies } from "./series.ts";

const device = (state: Device["health"]["state"], enrolled = true) =>
  ({ device: "reader-1", enrolled, health: { state, sentence: "Connected." } }) as Device;
const entry = (at: number, release: string, state: string): TimelineEntry => ({
  at,
  kind: "release",
  sentence: "",
  release,
  state,
  count: null,
});

test("a device that was added but never enrolled says what is to be done", () => {
  assert.match(shownHealth(device("unknown", false)).sentence, /fieldloop-edge enrol CODE/);
});

test("what wants a person comes first", () => {
  const states = ["healthy", "unknown", "failing", "silent"] as const;
  const order = states.map((state) => device(state)).toSorted((a, b) => healthRank(a) - healthRank(b));
  assert.deepEqual(
    order.map(({ health }) => health.state),
    ["failing", "silent", "unknown", "healthy"],
  );
});

test("frames become rates, and a bucket without a word breaks the line", () => {
  const counts: readonly AnswerCounts[] = [
    { at: 0, frames: 300, drops: { slow: 10, full: 5 }, errors: {} },
    { at: 20_000, frames: 100, drops: {}, errors: { image: 1 } },
  ];
  assert.deepEqual(frameRates(counts, 10_000), {
    at: [0, 10_000, 20_000],
    rows: [
      [30, null, 10],
      [1.5, null, 0],
      [0, null, 0.1],
    ],
  });
  assert.deepEqual(byReason(counts, "drops"), [
    ["slow", 10],
    ["full", 5],
  ]);
});

test("nothing reported draws nothing", () => {
  assert.deepEqual(latencies([], 60_000), { at: [], rows: [] });
});

test("releases follow each other without a gap", () => {
  const spans = releaseSpans(
    [entry(50, "b", "good"), entry(40, "b", "staged"), entry(0, "a", "good")],
    { from: 0, to: 100 },
    "b",
  );
  assert.deepEqual(spans, [
    { release: "a", from: 0, to: 0.5 },
    { release: "b", from: 0.5, to: 1 },
  ]);
  assert.deepEqual(releaseSpans([], { from: 0, to: 10 }, "a"), [{ release: "a", from: 0, to: 1 }]);
});
