import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import type { SamplingPolicy } from "@fieldloop/devices";
import type { HeadOpinion } from "../pipeline/head-answer.ts";
import { ByteBucket } from "./byte-bucket.ts";
import { Sampler } from "./sampler.ts";

const key = "0f".repeat(16);
const policy: SamplingPolicy = {
  predictions: "all",
  sketchWindowMs: 5000,
  audit: { rate: 0.05, key },
  scorers: [{ kind: "uncertainty", head: "sign", bytesPerSecond: 20_000, burstBytes: 100_000 }],
};
const sampleBytes = 2_000;
const frameMs = 1000 / 30;

const sure = (margin: number): Record<string, HeadOpinion> => ({
  sign: { class: "stop", index: 0, confidence: 0.9, margin },
});

/** A margin between 0 and 1 for a frame, the same in each run. */
const marginOf = (frame: number): number => (Math.imul(frame, 2654435761) >>> 0) / 2 ** 32;

function sampler(change: Partial<SamplingPolicy> = {}, device = "reader-1") {
  const time = { ms: 0 };
  const made = new Sampler({
    policy: { ...policy, ...change },
    device,
    epoch: "e".repeat(16),
    halvings: () => 0,
    monotonicMs: () => time.ms,
  });
  return { made, time };
}

test("chooses the audit lane by HMAC of device, epoch and frame, as anyone with the key can check", () => {
  const { made } = sampler({ scorers: [] });
  for (let frame = 1; frame <= 3000; frame += 1) {
    const mac = createHmac("sha256", Buffer.from(key, "hex"))
      .update(`reader-1|${"e".repeat(16)}|${frame}`)
      .digest();
    const expected = mac.readUIntBE(0, 6) / 2 ** 48 < 0.05;
    assert.equal(made.choose(frame, sure(1)) !== undefined, expected);
  }
});

test("leaves the audit lane the same whatever the scorers say and spend", () => {
  const alone = sampler({ scorers: [] });
  const busy = sampler();
  for (let frame = 1; frame <= 3000; frame += 1) {
    busy.time.ms += frameMs;
    const choice = busy.made.choose(frame, sure(marginOf(frame)));
    choice?.charge(sampleBytes);
    assert.equal(choice?.lane === "audit", alone.made.choose(frame, sure(1)) !== undefined);
  }
});

test("keeps a frame that both chose once, in the audit lane, with both reasons", () => {
  const { made } = sampler({ audit: { rate: 0.5, key } });
  const lanes = { audit: 0, samples: 0, both: 0 };
  for (let frame = 1; frame <= 300; frame += 1) {
    const choice = made.choose(frame, sure(0));
    if (choice === undefined) continue;
    lanes[choice.lane] += 1;
    const kinds = choice.reasons.map(({ kind }) => kind);
    if (kinds.length === 2) {
      lanes.both += 1;
      assert.deepEqual([choice.lane, ...kinds], ["audit", "audit", "uncertainty"]);
    }
    if (choice.lane === "audit") assert.equal(choice.inclusionProbability, 0.5);
  }
  assert.ok(lanes.both > 100 && lanes.samples > 100 && lanes.both === lanes.audit, JSON.stringify(lanes));
});

test("stays within the byte budget over time and prefers frames that the model is unsure of", () => {
  const { made, time } = sampler({ audit: { rate: 0, key } });
  const frames = 20_000;
  let bytes = 0;
  let unsure = 0;
  let kept = 0;
  for (let frame = 1; frame <= frames; frame += 1) {
    time.ms += frameMs;
    const choice = made.choose(frame, sure(marginOf(frame)));
    if (choice === undefined) continue;
    choice.charge(sampleBytes);
    bytes += sampleBytes;
    kept += 1;
    if (marginOf(frame) < 0.5) unsure += 1;
  }
  const allowed = (20_000 * frames * frameMs) / 1000 + 100_000;
  assert.ok(bytes <= allowed + sampleBytes && bytes > allowed * 0.95, `${bytes} of ${allowed}`);
  assert.ok(unsure / kept > 0.7, `${unsure} of ${kept}`);
});

test("records inclusion probabilities that weigh the kept frames back to all frames", () => {
  const { made, time } = sampler();
  const frames = 20_000;
  let count = 0;
  let margins = 0;
  let truth = 0;
  for (let frame = 1; frame <= frames; frame += 1) {
    time.ms += frameMs;
    truth += marginOf(frame);
    const choice = made.choose(frame, sure(marginOf(frame)));
    if (choice?.lane !== "samples") continue;
    choice.charge(sampleBytes);
    count += 1 / choice.inclusionProbability;
    margins += marginOf(frame) / choice.inclusionProbability;
  }
  assert.ok(Math.abs(count / frames - 1) < 0.05, `${count} frames estimated`);
  assert.ok(Math.abs(margins / truth - 1) < 0.05, `${margins} of ${truth}`);
});

test("chooses independently on devices that share a key", () => {
  const a = sampler({ scorers: [] }).made;
  const b = sampler({ scorers: [] }, "reader-2").made;
  let both = 0;
  for (let frame = 1; frame <= 20_000; frame += 1) if (a.choose(frame, sure(1)) && b.choose(frame, sure(1))) both += 1;
  assert.ok(both > 20 && both < 90, `${both}, expected about 50`);
});

test("carries a scorer's spent budget over to a release with the same policy", () => {
  const { made, time } = sampler({ audit: { rate: 0, key } });
  for (let frame = 1; frame <= 200; frame += 1) made.choose(frame, sure(0))?.charge(sampleBytes);
  const options = { policy: { ...policy, audit: { rate: 0, key } }, device: "reader-1", epoch: "e".repeat(16) };
  const next = new Sampler({ ...options, halvings: () => 0, monotonicMs: () => time.ms, previous: made });
  const kept = Array.from({ length: 200 }, (_, n) => next.choose(1000 + n, sure(0))).filter(Boolean).length;
  assert.ok(kept < 20, `${kept} kept at once after the swap`);
});

test("a clock that stands still or jumps back earns no bytes", () => {
  const bucket = new ByteBucket({ bytesPerSecond: 1000, burstBytes: 1000 }, 5000);
  bucket.take(1500, 5000);
  assert.equal(bucket.fill(4000), 0);
  assert.equal(bucket.fill(5500), 0);
  assert.equal(bucket.fill(6000), 0.5);
});
