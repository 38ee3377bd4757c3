import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { nearestCentroid } from "../dataset/nearest-centroid.ts";
import type { Image, RoadSignData } from "../dataset/road-sign-data.ts";
import { renderWorld } from "./rendered-world.ts";

const sizes = { oldTracks: 72, fieldTracks: 24, oldTests: 60, fieldTests: 60 };
const world = await renderWorld(7, sizes);

const framesOf = (data: RoadSignData): readonly Image[] =>
  [...data.old.train, ...data.old.validation, ...data.field].flatMap(({ frames }) => frames);

function digestOf(data: RoadSignData): string {
  const hash = createHash("sha256");
  for (const { pixels, sign } of [...framesOf(data), ...data.tests.old, ...data.tests.field])
    hash.update(pixels).update(`${sign}`);
  return hash.digest("hex");
}

test("the same seed gives the same bytes and another seed others", async () => {
  assert.equal(digestOf(await renderWorld(7, sizes)), digestOf(world));
  assert.notEqual(digestOf(await renderWorld(8, sizes)), digestOf(world));
});

test("a world has the sizes that were asked for, of 32×32 frames", () => {
  assert.equal(world.old.train.length + world.old.validation.length, sizes.oldTracks);
  assert.equal(world.field.length, sizes.fieldTracks);
  assert.equal(world.tests.old.length, sizes.oldTests);
  assert.equal(world.tests.field.length, sizes.fieldTests);
  assert.ok(framesOf(world).every(({ pixels, width, height }) => pixels.length === width * height * 3 && width === 32));
});

test("day is bright and dusk is dark in every frame", () => {
  const day = [...world.old.train, ...world.old.validation].flatMap(({ frames }) => frames);
  const dusk = world.field.flatMap(({ frames }) => frames);
  assert.ok([...day, ...world.tests.old].every(({ luma }) => luma >= 80));
  assert.ok([...dusk, ...world.tests.field].every(({ luma }) => luma < 40));
});

test("every sign of every category is in both worlds, about as often", () => {
  for (const tracks of [[...world.old.train, ...world.old.validation], world.field]) {
    const counts = world.classes.sign.map((_, sign) => tracks.filter((track) => track.sign === sign).length);
    assert.ok(Math.min(...counts) === Math.max(...counts), counts.join());
  }
  assert.deepEqual(new Set(world.classes.sign.map((_, sign) => world.categoryOf(sign))), new Set([0, 1, 2, 3]));
});

test("a sign's face tells more by day than at dusk, and can be told at all", () => {
  const centroids = nearestCentroid(world.old.train.flatMap(({ frames }) => frames));
  const share = (images: readonly Image[]): number =>
    images.filter((image) => centroids.classify(image) === image.sign).length / images.length;
  assert.ok(share(world.tests.old) > 2 / 12, `${share(world.tests.old)}`);
  assert.ok(share(world.tests.old) > share(world.tests.field));
});
