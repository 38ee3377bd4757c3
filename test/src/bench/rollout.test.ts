import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeNaively } from "./rollout-naive.ts";
import { type Ending, type Fleet, fleets, type Judge, simulateRollout, type Trial } from "./rollout-simulation.ts";

/** As the hasty fleet of 200, but smaller, so that a test of seconds has many rollouts. */
const thirty = { ...fleets["200-hasty"], devices: 30, waves: [4, 10, 16] };

const rollouts = (
  count: number,
  trial: Omit<Trial, "number" | "temper">,
  judge?: Judge,
  fleet: Fleet = fleets[trial.fleet],
): Ending[] =>
  Array.from({ length: count }, (_, number) => simulateRollout({ ...trial, temper: "usual", number }, judge, fleet));
const ended = (endings: readonly Ending[], end: Ending["end"]): number =>
  endings.filter((each) => each.end === end).length;

test("an equal release is hardly ever stopped under a shared dusk", () => {
  const small = rollouts(20, { fleet: "3", fault: "none" });
  const larger = rollouts(12, { fleet: "200", fault: "none" }, undefined, thirty);
  assert.equal(ended([...small, ...larger], "harm"), 0);
  assert.ok(ended(larger, "completed") >= 10, `${ended(larger, "completed")} of 12 passed`);
});

test("a judge that pools frames and tests at every look stops most of them: the check can fail", () => {
  const endings = rollouts(15, { fleet: "200", fault: "none" }, judgeNaively, thirty);
  assert.ok(ended(endings, "harm") >= 5, `${ended(endings, "harm")} of 15`);
});

test("a collapse of confidence is stopped in the first wave", () => {
  const endings = rollouts(10, { fleet: "200", fault: "confidence" }, undefined, thirty);
  assert.ok(
    endings.every(({ end, wave }) => end === "harm" && wave === 1),
    JSON.stringify(endings),
  );
  assert.ok(endings.every(({ rules }) => rules.includes("confidence")));
});

test("a rollout over three devices never lets a collapse of confidence through", () => {
  assert.equal(ended(rollouts(15, { fleet: "3", fault: "confidence" }), "completed"), 0);
});

test("the same rollout ends the same way twice", () => {
  const once = rollouts(2, { fleet: "3", fault: "latency" });
  assert.deepEqual(rollouts(2, { fleet: "3", fault: "latency" }), once);
});
