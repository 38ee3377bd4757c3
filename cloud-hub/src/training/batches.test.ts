import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "@fieldloop/compiler";
import { augment, noiseTable, scalePixels } from "./augmentation.ts";
import { prepareBatches } from "./batches.ts";
import type { ManifestLine } from "./job-directory.ts";
import { learningRateAt } from "./learning-rate.ts";
import { parseRecipe } from "./recipe.ts";

const heads = [{ name: "digit", classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] }];
const plain = { heads, imageSize: 8, batch: 4, shiftPx: 0, light: false };

test("draws the asked share of old samples, each as often as the others", () => {
  const lines = [...linesOf("old", 6), ...linesOf("field", 4)];
  const seen = membersSeen(lines, { oldShare: 0.25 }, 12);
  assert.deepEqual(seen.slice(0, 6), [2, 2, 2, 2, 2, 2]);
  assert.deepEqual(seen.slice(6), [9, 9, 9, 9]);
});

test("fills batches from one role when the other is absent, and never from validation or unlabelled samples", () => {
  const lines: ManifestLine[] = [
    ...linesOf("old", 4),
    { ...line(4, "old"), split: "val" },
    { ...line(5, "old"), labels: {} },
  ];
  assert.deepEqual(membersSeen(lines, {}, 3), [3, 3, 3, 3, 0, 0]);
});

test("gives the batch of any step without those before it", () => {
  const recipe = parseRecipe({ ...plain, shiftPx: 2, light: true });
  const lines = linesOf("old", 7);
  const images = imagesOf(lines.length);
  const inOrder = prepareBatches(recipe, lines, images);
  for (let step = 1; step < 9; step++) inOrder.batchOf(step);
  assert.deepEqual(prepareBatches(recipe, lines, images).batchOf(9), inOrder.batchOf(9));
});

test("refuses a manifest in which nothing is labelled", () => {
  const lines = [{ ...line(0, "old"), labels: {} }];
  assert.throws(() => prepareBatches(parseRecipe(plain), lines, imagesOf(1)), { code: "bad-recipe" });
});

test("weighs samples by their own weight and a missing label by nothing", () => {
  const two = [...heads, { name: "other", classes: ["a", "b"] }];
  const lines = [0, 1, 2, 3].map((index) => ({ ...line(index, "old"), weight: 0.5 }));
  const batch = prepareBatches(parseRecipe({ ...plain, heads: two }), lines, imagesOf(4)).batchOf(1);
  assert.deepEqual([...batch["weights.digit"]!.data], [0.5, 0.5, 0.5, 0.5]);
  assert.deepEqual([...batch["weights.other"]!.data], [0, 0, 0, 0]);
});

test("shifts by whole pixels with the border repeated and leaves brightness alone unless light", () => {
  const size = 8;
  const image = Uint8Array.from({ length: size * size * 3 }, (_, index) => Math.floor(index / 3) % size);
  const target = new Float32Array(3 * size * size);
  const random = createRandom(2);
  const noise = noiseTable(createRandom(1));
  const shifts = new Set<number>();
  for (let run = 0; run < 60; run++) {
    augment(image, target, size, { shiftPx: 2, light: false }, random, noise);
    const levels = [...target.subarray(0, size)].map((value) => value * 128 + 128);
    const shift = levels[4]! - 4;
    shifts.add(shift);
    assert.deepEqual(
      levels,
      levels.map((_, x) => Math.min(size - 1, Math.max(0, x + shift))),
    );
  }
  assert.deepEqual(
    [...shifts].sort((a, b) => a - b),
    [-2, -1, 0, 1, 2],
  );
});

test("lights images between a fifth and one and a half times and never leaves 0–255", () => {
  const size = 8;
  const image = new Uint8Array(size * size * 3).fill(100);
  const target = new Float32Array(3 * size * size);
  const random = createRandom(2);
  const noise = noiseTable(createRandom(1));
  const means = Array.from({ length: 500 }, () => {
    augment(image, target, size, { shiftPx: 0, light: true }, random, noise);
    assert.ok(target.every((value) => value >= -1 && value <= 127 / 128));
    return target.reduce((sum, value) => sum + value * 128 + 128, 0) / target.length;
  });
  assert.ok(Math.min(...means) > 17 && Math.min(...means) < 25, String(Math.min(...means)));
  assert.ok(Math.max(...means) < 153 && Math.max(...means) > 145, String(Math.max(...means)));
});

test("scales pixels by constants, channel by channel", () => {
  const target = new Float32Array(3);
  scalePixels(Uint8Array.of(0, 128, 255), target, 1);
  assert.deepEqual([...target], [-1, 0, 127 / 128]);
});

test("warms the learning rate up and lets it end at 0", () => {
  const recipe = { learningRate: 1, warmUpSteps: 10, steps: 110 };
  assert.deepEqual(
    [5, 10, 60, 110].map((step) => learningRateAt(step, recipe)),
    [0.5, 1, 0.5, 0],
  );
});

function membersSeen(lines: readonly ManifestLine[], changes: object, steps: number): number[] {
  const recipe = parseRecipe({ ...plain, ...changes });
  const batches = prepareBatches(recipe, lines, imagesOf(lines.length));
  const seen = lines.map(() => 0);
  for (let step = 1; step <= steps; step++) {
    const image = batches.batchOf(step).image!.data;
    for (let place = 0; place < recipe.batch; place++) seen[Math.round(Number(image[place * 192]) * 128 + 128)]!++;
  }
  return seen;
}

function linesOf(role: "old" | "field", count: number): ManifestLine[] {
  return Array.from({ length: count }, (_, index) => line(index, role));
}

function line(index: number, role: "old" | "field"): ManifestLine {
  return { sample: `${role}${index}`, labels: { digit: String(index % 10) }, split: "train", role };
}

/** Image i is filled with level i. */
function imagesOf(count: number) {
  return { size: 8, pixels: Uint8Array.from({ length: count * 192 }, (_, index) => Math.floor(index / 192)) };
}
