import assert from "node:assert/strict";
import { test } from "node:test";
import type { HealthWindow } from "@fieldloop/cloud-hub/health";
import { correlation, drawWorld, type Fault, framesPerSecond, outcomeShare, tempers } from "./rollout-world.ts";

const windowMs = 60_000;
const never = Number.MAX_SAFE_INTEGER;

/** One window of each of many devices, at a moment that is `apartMs` after another that was drawn before. */
function drawPairs(options: {
  devices: number;
  apart: number;
  fault?: Fault;
  duskAt?: number;
}): [HealthWindow, HealthWindow][] {
  const { devices, apart, fault = "none", duskAt = never } = options;
  const world = drawWorld({ seed: "pairs", devices, windowMs, temper: tempers.usual, fault, duskAt });
  return Array.from({ length: devices }, (_, device): [HealthWindow, HealthWindow] => {
    const first = world.window(device, windowMs, "old");
    for (let step = 1; step < apart; step += 1) world.window(device, windowMs * (1 + step), "old");
    return [first, world.window(device, windowMs * (1 + apart), "new")];
  });
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const covariance = (pairs: readonly (readonly [number, number])[]): number => {
  const [left, right] = [mean(pairs.map(([a]) => a)), mean(pairs.map(([, b]) => b))];
  return mean(pairs.map(([a, b]) => (a - left) * (b - right)));
};
const badShare = ({ outcomes, badOutcomes }: HealthWindow): number => badOutcomes / outcomes;
const near = (value: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(value - expected) <= tolerance, `${value} is not within ${tolerance} of ${expected}`);

test("frames, outcomes and confidence have the rates that are stated", () => {
  const windows = drawPairs({ devices: 2000, apart: 1 }).map(([window]) => window);
  near(mean(windows.map(({ frames, errors }) => frames + errors)), framesPerSecond * 60, 1);
  near(mean(windows.map(({ outcomes, frames }) => outcomes / frames)), outcomeShare, 0.001);
  near(mean(windows.map(badShare)), 0.1, 0.015);
  near(mean(windows.map(({ confidenceSum, frames }) => confidenceSum / frames)), 0.85, 0.01);
  near(mean(windows.map(({ errors }) => errors / 1800)), 0.001, 0.001);
});

test("two outcomes of one device correlate by 0.3 at one time, and by what lasts of it much later", () => {
  const now = drawPairs({ devices: 2500, apart: 1 });
  const later = drawPairs({ devices: 1500, apart: 40 });
  const correlated = (pairs: readonly [HealthWindow, HealthWindow][]) =>
    covariance(pairs.map(([a, b]) => [badShare(a), badShare(b)])) / (0.1 * 0.9);
  near(correlated(now), correlation, 0.06);
  near(correlated(later), correlation * (1 - tempers.usual.slowShare), 0.08);
});

test("each fault does what it says, to the new release alone", () => {
  const changeBy = (fault: Fault, read: (window: HealthWindow) => number) => {
    const pairs = drawPairs({ devices: 3000, apart: 1, fault });
    return mean(pairs.map(([before, after]) => read(after) - read(before)));
  };
  near(changeBy("accuracy", badShare), 0.1, 0.01);
  near(
    changeBy("confidence", ({ confidenceSum, frames }) => confidenceSum / frames),
    -0.3,
    0.01,
  );
  near(
    changeBy("latency", ({ logLatencySum, frames }) => logLatencySum / frames),
    Math.log(2),
    0.02,
  );
  near(
    changeBy("errors", ({ errors }) => errors / 1800),
    0.019,
    0.004,
  );
  near(changeBy("none", badShare), 0, 0.01);
});

test("dusk takes 0.2 of confidence from old and new alike, slowly", () => {
  const gloomy = drawPairs({ devices: 1000, apart: 31, duskAt: windowMs });
  near(
    mean(gloomy.map(([before, after]) => after.confidenceSum / after.frames - before.confidenceSum / before.frames)),
    -0.2,
    0.02,
  );
});

test("the same seed draws the same fleet", () => {
  assert.deepEqual(drawPairs({ devices: 3, apart: 4 }), drawPairs({ devices: 3, apart: 4 }));
});
