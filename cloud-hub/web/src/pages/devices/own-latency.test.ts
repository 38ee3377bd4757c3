import assert from "node:assert/strict";
import { test } from "node:test";
import { ownLatency } from "./own-latency.ts";

const point = (release: string, frames: number, p50: number) => ({
  at: 0,
  release,
  frames,
  latencyUs: { p50, p95: p50 * 2 },
});

test("a device that never ran the release measured nothing of it", () => {
  assert.equal(ownLatency([point("a", 100, 900)], "b"), undefined);
});

test("the newest thousand frames count, each bucket by its frames", () => {
  const own = ownLatency(
    [point("a", 5000, 9000), point("a", 500, 1000), point("b", 10, 1), point("a", 500, 1000)],
    "a",
  )!;
  assert.equal(own.frames, 1000);
  assert.equal(Math.round(own.p50Us), 1000);
  assert.equal(Math.round(own.p95Us), 2000);
});
