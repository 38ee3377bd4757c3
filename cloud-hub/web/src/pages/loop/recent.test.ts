import assert from "node:assert/strict";
import { test } from "node:test";
import type { Device } from "../../api/device.ts";
import type { Rollout } from "../../api/rollout.ts";
import { recentHappenings } from "./recent.ts";

const device = { device: "reader-1", createdAt: 10, profile: "x86-64" } as Device;
const rollout = {
  id: "o_1",
  group: "gates",
  steps: [
    { step: 1, at: 20, kind: "open-wave", sentence: "Wave 1 opens.", by: null },
    { step: 2, at: 30, kind: "stop", sentence: "Confidence fell.", by: null },
  ],
} as unknown as Rollout;

test("what happened last comes first and no more than asked for", () => {
  const list = recentHappenings([rollout], [device], 2);
  assert.deepEqual(
    list.map(({ key }) => key),
    ["o_1/2", "o_1/1"],
  );
  assert.equal(list[0]!.tone, "bad");
  assert.equal(recentHappenings([rollout], [device], 9).length, 3);
});
