import assert from "node:assert/strict";
import { test } from "node:test";
import { killRollouts } from "./rollout-kill.ts";

test("rollouts during which hub or device are killed end as their rules demand, and no device is without a release", async () => {
  const { wrong, brokenFrames, without, cycles } = await killRollouts(2, 4);
  assert.deepEqual({ wrong, brokenFrames, without, cycles }, { wrong: [], brokenFrames: 0, without: 0, cycles: 2 });
});
