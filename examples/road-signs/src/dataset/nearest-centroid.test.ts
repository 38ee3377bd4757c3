import assert from "node:assert/strict";
import test from "node:test";
import { nearestCentroid } from "./nearest-centroid.ts";
import type { Image } from "./road-sign-data.ts";

const image = (sign: number, values: readonly number[]): Image => ({
  pixels: Uint8Array.from(values),
  width: 2,
  height: 1,
  sign,
  category: 0,
  luma: 0,
});

test("an image goes to the sign whose mean picture it is most like, however dark it is", () => {
  const rising = [0, 20, 40, 60, 80, 100];
  const falling = rising.toReversed();
  const centroids = nearestCentroid([
    image(4, rising),
    image(
      4,
      rising.map((v) => v + 9),
    ),
    image(7, falling),
  ]);
  assert.equal(
    centroids.classify(
      image(
        0,
        rising.map((v) => v / 10),
      ),
    ),
    4,
  );
  assert.equal(
    centroids.classify(
      image(
        0,
        falling.map((v) => 200 + v / 4),
      ),
    ),
    7,
  );
});

test("a flat image is answered, too", () => {
  const centroids = nearestCentroid([image(2, [1, 2, 3, 4, 5, 6])]);
  assert.equal(centroids.classify(image(0, [9, 9, 9, 9, 9, 9])), 2);
});
