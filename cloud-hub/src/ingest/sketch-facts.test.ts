import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@fieldloop/compiler/statistics";
import { createSketch, observeDrop, observeError, observeFrame } from "@fieldloop/devices";
import { sketchSums } from "./sketch-facts.ts";

const release = `sha256:${"ab".repeat(32)}`;
const heads = [
  { name: "sign", classes: ["a", "b", "c"] },
  { name: "axis", classes: ["x", "y"] },
];

test("the sums of a sketch are those of its frames, as near as its bins allow", () => {
  const random = seededRandom("sums");
  const sketch = createSketch({
    release,
    windowStart: 0,
    windowMs: 5000,
    heads: { axis: 2, sign: 3 },
    embeddingSize: 1,
  });
  const frames = Array.from({ length: 2000 }, () => ({
    confidence: random() ** 0.5,
    index: Math.floor(random() * 3),
    latencyUs: Math.round(Math.exp(5 + 4 * random())),
  }));
  for (const { confidence, index, latencyUs } of frames) {
    const answers = { sign: { index, confidence, margin: 0 }, axis: { index: 0, confidence: 1, margin: 1 } };
    observeFrame(sketch, { heads: answers, embedding: Float32Array.of(1), luma: 1, latencyUs });
  }
  observeDrop(sketch, "mailbox-full");
  observeError(sketch, "image-unreadable");
  const sums = sketchSums(sketch, heads);
  const mean = (value: (frame: (typeof frames)[number]) => number) =>
    frames.reduce((sum, frame) => sum + value(frame), 0) / frames.length;
  // Bins of 0.05 are off by 0.025 at most and by far less on average; log2 bins by ln 2 / 2 at most.
  assert.ok(Math.abs(sums.confidence_sum / 2000 - mean(({ confidence }) => confidence)) < 0.003);
  assert.ok(Math.abs(sums.confidence_squares / 2000 - mean(({ confidence }) => confidence ** 2)) < 0.006);
  assert.ok(Math.abs(sums.log_latency_sum / 2000 - mean(({ latencyUs }) => Math.log(latencyUs))) < 0.03);
  assert.equal(sums.head, "sign", "the release's first head, not the sketch's");
  assert.deepEqual(
    sums.class_counts,
    [0, 1, 2].map((index) => frames.filter((frame) => frame.index === index).length),
  );
  assert.deepEqual([sums.drop_reasons, sums.error_reasons], [{ "mailbox-full": 1 }, { "image-unreadable": 1 }]);
});

test("takes the first head of a sketch whose release it does not know, and sums nothing of an empty one", () => {
  const sketch = createSketch({ release, windowStart: 0, windowMs: 5000, heads: { axis: 2 }, embeddingSize: 0 });
  const { head, confidence_sum, class_counts, log_latency_sum } = sketchSums(sketch, undefined);
  assert.deepEqual([head, confidence_sum, class_counts, log_latency_sum], ["axis", 0, [0, 0], 0]);
});
