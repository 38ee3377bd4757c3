import assert from "node:assert/strict";
import { test } from "node:test";
import { freshRollout, verdictOf } from "../rollouts/rollout.fixture.ts";
import { durationMs } from "./duration.ts";
import { rolloutLines, rolloutList } from "./rollout-lines.ts";

const rule = {
  rule: "confidence" as const,
  title: "Confidence",
  verdict: "healthy" as const,
  value: 0.0123,
  low: -0.1,
  high: 0.2,
  unit: "points",
  harmAbove: 0.03,
  healthyBelow: 0.3,
  n: 450,
  devices: { treated: 1, control: 2 },
  spread: { value: 0.04, from: "prior" as const, n: 0 },
  sentence: "Confidence is as before.",
};

test("a rollout is told with its waves, devices and each rule with figure, limits and n", () => {
  const rollout = freshRollout([1, 2], { cause: null, reason: "Wave 1 opens." });
  const [first, second] = rollout.waves as [(typeof rollout.waves)[0], (typeof rollout.waves)[0]];
  const waves = [
    { ...first, state: "open" as const, openedAt: 0, verdict: { ...verdictOf("wait"), rules: [rule] } },
    second,
  ];
  const text = rolloutLines({ ...rollout, waves }).join("\n");
  assert.match(text, /Rollout o_1: release new to all, running\n/);
  assert.match(text, /Wave 1 \(1\): open since 1970-01-01 00:00:00 UTC/);
  assert.match(text, /a {7}x86-64 {3}waiting {2}old/);
  assert.match(text, /Confidence {2}healthy {2}0\.012 {2}-0\.100 {2}0\.200 {2}0\.03 {9}0\.3 {12}450 {2}points/);
  assert.match(text, /Wave 2 \(2\): waiting/);
});

test("the list says what to do while there is none", () => {
  assert.match(rolloutList([]).join(), /rollout start/);
  assert.match(rolloutList([freshRollout([1, 1])]).join("\n"), /o_1 +new +all +running +0\/2/);
});

test("durations are written as people write them", () => {
  assert.deepEqual(
    ["90", "90s", "1.5m", "2h", "1d", "250ms"].map((text) => durationMs("--soak", text)),
    [90_000, 90_000, 90_000, 7_200_000, 86_400_000, 250],
  );
  assert.throws(() => durationMs("--soak", "soon"), { code: "bad-request" });
});
