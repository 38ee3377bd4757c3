import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceHealth, type HealthSigns } from "./device-health.ts";

const now = 1_750_000_000_000;
const release = `sha256:${"cd".repeat(32)}`;
const well: HealthSigns = {
  now,
  enrolledAt: now - 1_000_000,
  isConnected: true,
  heardAt: now - 1000,
  clockOffsetMs: 0,
  unassignedRelease: null,
  twinAt: null,
  refusal: null,
  restarts: { process: 0, engine: 0 },
  frames: { answered: 1000, errors: 0, dropped: 10 },
  reasons: [],
  givenUp: 0,
  waiting: 0,
};
const judged = (signs: Partial<HealthSigns>) => deviceHealth({ ...well, ...signs });

function isTold(signs: Partial<HealthSigns>, state: string, sentence: RegExp): void {
  const health = judged(signs);
  assert.equal(health.state, state, health.sentence);
  assert.match(health.sentence, sentence);
}

test("a device that answers is healthy, with how many frames that rests on", () => {
  isTold({}, "healthy", /Connected; it answered 1000 of 1010 frames/);
  isTold({ frames: { answered: 0, errors: 0, dropped: 0 } }, "healthy", /no frames in the last 5 minutes/);
});

test("nothing is known of a device that never enrolled or was never heard", () => {
  isTold({ enrolledAt: null }, "unknown", /not enrolled/);
  isTold({ heardAt: null, isConnected: false }, "unknown", /never heard/);
});

test("a device that is away for a minute is silent, since when and with what waits on it", () => {
  isTold({ isConnected: false, heardAt: now - 59_000 }, "healthy", /Not connected for less than a minute; it answered/);
  const hours = { isConnected: false, heardAt: now - 2 * 3_600_000, waiting: 12 };
  isTold(hours, "silent", /Silent since 2025-06-15 13:06:40 UTC \(2 h\): it is not connected. 12 records waited/);
});

test("each way to fail has its sentence and what to do", () => {
  isTold({ twinAt: now - 60_000 }, "failing", /Two processes.*enrol that machine/);
  isTold({ unassignedRelease: release }, "failing", /release cdcdcdcdcdcd, which this hub never gave it/);
  const refusal = { release, code: "golden-failed", reason: "Sample 3 answered b." };
  isTold({ refusal }, "failing", /did not take release cdcdcdcdcdcd \(golden-failed\): Sample 3 answered b/);
  isTold({ restarts: { process: 1, engine: 4 } }, "failing", /restarted its engine 4 times in the last 10 minutes/);
  const reasons = [{ reason: "mailbox-full", count: 300 }];
  const dropping = { frames: { answered: 700, errors: 0, dropped: 300 }, reasons };
  isTold(dropping, "failing", /no answer to 30 % of 1000 frames in the last 5 minutes: mailbox-full 300/);
  isTold({ givenUp: 40, waiting: 900 }, "failing", /journal is full: it gave up 40 records.*900 wait/);
});

test("a few drops, a single restart and old troubles are no failure", () => {
  isTold({ frames: { answered: 20, errors: 0, dropped: 10 } }, "healthy", /answered 20 of 30/);
  isTold({ restarts: { process: 2, engine: 2 }, twinAt: now - 6 * 60_000 }, "healthy", /Connected/);
});

test("a clock that is off is said beside the state, and several failures one after the other", () => {
  isTold({ clockOffsetMs: 7_200_000 }, "healthy", /answered 1000 of 1010.*2 h behind the hub's/);
  isTold({ unassignedRelease: release, givenUp: 3 }, "failing", /never gave it.*gave up 3 records/);
});
