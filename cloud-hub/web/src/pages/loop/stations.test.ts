import assert from "node:assert/strict";
import { test } from "node:test";
import type { Overview } from "../../api/overview.ts";
import { nextStep } from "./next-step.ts";
import { stationsOf } from "./stations.ts";

const overview: Overview = {
  devices: { total: 3, connected: 2, unhealthy: 1 },
  samples: { total: 12_345, waiting: 40, today: 12 },
  drift: { state: "alarm", device: "reader-1", score: 3.2, threshold: 1, frames: 150, devices: 2 },
  labels: { total: 300, people: 1, today: 25 },
  runs: { running: 0, finished: 2 },
  releases: { total: 2, latest: `sha256:${"ab".repeat(32)}` },
  rollouts: { running: 1 },
};

test("data goes round from devices to releases", () => {
  assert.deepEqual(
    stationsOf(overview).map(({ name }) => name),
    ["devices", "samples", "drift", "labels", "runs", "releases"],
  );
});

test("what wants a person is marked and leads to it", () => {
  const [devices, , drift] = stationsOf(overview);
  assert.ok(devices!.isAlert && drift!.isAlert);
  assert.equal(devices!.beside, "1 unwell");
  assert.equal(drift!.to, "/devices/reader-1");
});

test("what was not measured is not called steady", () => {
  const drift = stationsOf({
    ...overview,
    drift: { ...overview.drift, state: "unknown", device: null, score: null },
  })[2]!;
  assert.equal(drift.figure, "–");
  assert.equal(drift.unit, "nothing judged yet");
});

test("the centre names the one thing that moves the loop on", () => {
  assert.equal(nextStep(overview).to, "/samples/label");
  const calm = { ...overview, drift: { ...overview.drift, state: "steady" as const } };
  assert.equal(nextStep(calm).to, "/rollouts");
  assert.equal(nextStep({ ...overview, devices: { total: 0, connected: 0, unhealthy: 0 } }).title, "No device yet");
});
