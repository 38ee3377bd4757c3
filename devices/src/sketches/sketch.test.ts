import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import type { SketchBody } from "../messages/sketch.ts";
import { createSketch, mergeSketches, observeDrop, observeError, observeFrame } from "./sketch.ts";

const release = `sha256:${"1".repeat(64)}`;
const empty = (windowStart = 0): SketchBody =>
  createSketch({ release, windowStart, windowMs: 5000, heads: { sign: 3 }, embeddingSize: 2 });

const frames = fc.array(
  fc.record({
    index: fc.integer({ min: 0, max: 2 }),
    confidence: fc.float({ min: 0, max: 1, noNaN: true }),
    luma: fc.float({ min: 0, max: 255, noNaN: true }),
    latencyUs: fc.integer({ min: 0, max: 1e9 }),
    x: fc.float({ min: -10, max: 10, noNaN: true }),
  }),
  { maxLength: 40 },
);

function sketchOf(list: readonly { index: number; confidence: number; luma: number; latencyUs: number; x: number }[]) {
  const sketch = empty();
  for (const { index, confidence, luma, latencyUs, x } of list) {
    observeFrame(sketch, {
      heads: { sign: { index, confidence, margin: 0 } },
      embedding: Float32Array.of(x, -x),
      luma,
      latencyUs,
    });
  }
  return sketch;
}

test("merging two windows equals sketching their frames together", () => {
  fc.assert(
    fc.property(frames, frames, (a, b) => {
      const merged = mergeSketches(sketchOf(a), sketchOf(b));
      const together = sketchOf([...a, ...b]);
      assert.deepEqual({ ...merged, embedding: null }, { ...together, embedding: null });
      assert.equal(merged.embedding.n, together.embedding.n);
      for (const key of ["mean", "m2"] as const) {
        for (const [index, value] of merged.embedding[key].entries()) {
          // float32 running sums: 40 frames of |x| ≤ 10 keep about five digits
          assert.ok(Math.abs(value - (together.embedding[key][index] ?? 0)) <= 1e-2, `${key}[${index}]`);
        }
      }
    }),
    { seed: 7 },
  );
});

test("spans both windows and adds up what was dropped", () => {
  const early = empty(0);
  const late = empty(10_000);
  observeDrop(early, "busy");
  observeDrop(late, "busy");
  const merged = mergeSketches(late, early);
  assert.deepEqual([merged.windowStart, merged.windowMs, merged.dropped], [0, 15_000, { busy: 2 }]);
});

test("adds up errors with their reasons, and merges with a sketch that does not tell them", () => {
  const told = empty(0);
  observeError(told, "image-unreadable");
  observeError(told, "image-unreadable");
  const untold = { ...empty(5000), errors: 3 };
  const merged = mergeSketches(told, untold);
  assert.deepEqual([merged.errors, merged.errorReasons], [5, { "image-unreadable": 2 }]);
  assert.equal("errorReasons" in mergeSketches(untold, untold), false, "nothing is said where nothing was known");
});

test("refuses to merge sketches of different releases", () => {
  assert.throws(() => mergeSketches(empty(), { ...empty(), release: `sha256:${"2".repeat(64)}` }), {
    code: "sketch-mismatch",
  });
});
