import assert from "node:assert/strict";
import { test } from "node:test";
import { profilesOf, reportedLatency } from "./reported-latency.ts";

const point = (frames: number, p50: number | null) => ({
  frames,
  latencyUs: { p50, p95: p50 === null ? null : p50 * 2 },
});

test("a device that reported nothing has no latency", () => {
  assert.equal(reportedLatency([]), undefined);
  assert.equal(reportedLatency([point(0, 500), point(10, null), { frames: 5 }]), undefined);
});

test("of several buckets the middle one by frames counts", () => {
  assert.deepEqual(reportedLatency([point(10, 100), point(80, 400), point(10, 9000)]), {
    p50Us: 400,
    p95Us: 800,
    frames: 100,
  });
});

test("profiles are those that some release gives the target to", () => {
  const release = (target: string) => ({
    profiles: { "x86-64": { target, why: "" }, "raspberry-pi-5": { target: "int8", why: "" } },
  });
  assert.deepEqual(profilesOf("int8", [release("fp32"), release("int8")]), ["raspberry-pi-5", "x86-64"]);
  assert.deepEqual(profilesOf("fp16", [release("fp32")]), []);
});
