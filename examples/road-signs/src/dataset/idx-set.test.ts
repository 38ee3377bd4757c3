import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { renderWorld } from "../world/rendered-world.ts";
import { openFieldFolder } from "./open-field-folder.ts";
import type { Image, Track } from "./road-sign-data.ts";
import { setCalibrationAside } from "./track-hash.ts";
import { type IdxParts, idxParts, writeIdxSet } from "./written-sets.fixture.ts";

const gtsrb32 = fileURLToPath(new URL("../../../../../shared/datasets/gtsrb32", import.meta.url));
const world = await renderWorld(0, { oldTracks: 84, fieldTracks: 24, oldTests: 24, fieldTests: 24 });
const whole = idxParts(world);

const namesOf = (tracks: readonly Track[]): Set<string> => new Set(tracks.map(({ id }) => id));

async function refused(code: string, spoil: (parts: IdxParts) => void, sentence: RegExp): Promise<void> {
  const parts: IdxParts = { ...whole, rows: [...whole.rows], classes: { ...whole.classes } };
  spoil(parts);
  const dir = writeIdxSet(parts);
  await assert.rejects(openFieldFolder(dir), (error: Error & { code: string }) => {
    assert.equal(error.code, code, error.message);
    assert.match(error.message, sentence);
    return true;
  });
  rmSync(dir, { recursive: true });
}

test("the real signs split as the evaluation protocol says", {
  skip: !existsSync(gtsrb32) && "no ../shared/datasets/gtsrb32 beside this repository",
}, async () => {
  const data = await openFieldFolder(gtsrb32);
  const old = [...data.old.train, ...data.old.validation];
  assert.equal(old.length, 620);
  assert.equal(old.flatMap(({ frames }) => frames).length, 4960);
  assert.equal(data.old.validation.length, 89);
  assert.equal(data.field.length, 247);
  assert.equal(data.field.flatMap(({ frames }) => frames).length, 1976);
  assert.equal(data.tests.old.length, 1914);
  assert.equal(data.tests.field.length, 895);
  assert.equal(data.classes.sign.length, 43);
  const categories = data.classes.sign.map((_, sign) => data.categoryOf(sign));
  assert.deepEqual(
    [0, 1, 2, 3].map((category) => categories.filter((of) => of === category).length),
    [13, 15, 8, 7],
  );
});

test("an IDX set gives back the tracks and tests that it was written from", async () => {
  const dir = writeIdxSet(whole);
  const data = await openFieldFolder(dir);
  const tracks = [...data.old.train, ...data.old.validation];
  assert.equal(tracks.length, 84);
  assert.ok(tracks.every(({ frames }) => frames.length === 8));
  assert.equal(data.field.length, 24);
  const pixelsOf = (images: readonly Image[]): string[] =>
    images.map(({ pixels }) => Buffer.from(pixels).toString("hex"));
  assert.deepEqual(new Set(pixelsOf(data.tests.field)), new Set(pixelsOf(world.tests.field)));
  assert.deepEqual(pixelsOf(data.field[0]!.frames), pixelsOf(world.field[0]!.frames));
  assert.ok(data.field.every(({ sign, category }) => category === world.categoryOf(sign)));
  rmSync(dir, { recursive: true });
});

test("frames of a track come in the order of the approach, whatever the order of the rows", async () => {
  const parts: IdxParts = {
    ...whole,
    rows: whole.rows.map((row) =>
      row.replace(/^(\d+,train,\d+,\w+),(\d),/, (_, head, frame) => `${head},${7 - Number(frame)},`),
    ),
  };
  const dir = writeIdxSet(parts);
  const data = await openFieldFolder(dir);
  assert.deepEqual(
    data.field[0]!.frames.map(({ luma }) => luma.toFixed(1)),
    world.field[0]!.frames.map(({ luma }) => luma.toFixed(1)).reverse(),
  );
  rmSync(dir, { recursive: true });
});

test("track ids are hashes that never tell the class and no track is on two sides", () => {
  const sides = [world.old.train, world.old.validation, world.field].map(namesOf);
  const all = sides.flatMap((side) => [...side]);
  assert.equal(new Set(all).size, all.length);
  assert.ok(all.every((id) => /^t_[0-9a-f]{16}$/.test(id)));
});

test("calibration is taken from validation and leaves the rest", () => {
  const { calibration, validation } = setCalibrationAside(world.old.validation, 0.5);
  assert.ok(calibration.length > 0 && validation.length > 0);
  assert.deepEqual(new Set([...namesOf(calibration), ...namesOf(validation)]), namesOf(world.old.validation));
});

test("refuses a cut IDX file", () =>
  refused(
    "idx-malformed",
    (parts) => {
      parts.trainImages = parts.trainImages.subarray(0, parts.trainImages.length - 1);
    },
    /train-images.*cut or too long/,
  ));

test("refuses an IDX file that holds more than meta.csv has rows, without unpacking it", () =>
  refused(
    "idx-too-large",
    (parts) => {
      parts.testImages = Buffer.concat([parts.testImages, Buffer.alloc(50_000_000)]);
    },
    /holds more/,
  ));

test("refuses an IDX file of another shape", () =>
  refused(
    "idx-malformed",
    (parts) => {
      parts.testImages = Buffer.from(parts.testImages);
      parts.testImages[11] = 28;
    },
    /found 48 × 28 × 32 × 3/,
  ));

test("refuses a meta.csv with fewer rows than images", () =>
  refused(
    "idx-too-large",
    (parts) => {
      parts.rows.pop();
    },
    /as meta\.csv has rows/,
  ));

test("refuses a meta.csv with more rows than images", () =>
  refused(
    "idx-malformed",
    (parts) => {
      parts.rows.push(`48,test,0,,-1,20.0`);
    },
    /found 48 × 32/,
  ));

test("refuses a label that classes.json does not name", () =>
  refused(
    "label-unknown",
    (parts) => {
      delete parts.classes["11"];
    },
    /label from 0 to 10.*labelled 11/,
  ));

test("refuses labels that disagree with meta.csv", () =>
  refused(
    "meta-mismatch",
    (parts) => {
      parts.testLabels = Buffer.from(parts.testLabels);
      parts.testLabels[8] = 250;
    },
    /agree, but image 0/,
  ));

test("refuses a track with two signs", () =>
  refused(
    "meta-mismatch",
    (parts) => {
      parts.rows = parts.rows.map((row) => row.replace(/^(\d+,train,\d+),\w+,/, "$1,one,"));
    },
    /one sign per track/,
  ));

test("refuses a meta.csv without its columns, with a bad number, or that is no CSV", async () => {
  await refused(
    "meta-malformed",
    (parts) => {
      parts.rows[0] = parts.rows[0]!.replace("mean_luma", "brightness");
    },
    /none called mean_luma/,
  );
  await refused(
    "meta-malformed",
    (parts) => {
      parts.rows[3] = parts.rows[3]!.replace(/[^,]+$/, "dark");
    },
    /line 4 .*"dark"/,
  );
  await refused(
    "meta-malformed",
    (parts) => {
      parts.rows[2] = `"${parts.rows[2]}`;
    },
    /repair/,
  );
});

test("refuses class names with a hole", () =>
  refused(
    "classes-malformed",
    (parts) => {
      delete parts.classes["3"];
    },
    /without a hole/,
  ));

test("refuses a set without dark tracks", () =>
  refused(
    "too-few-tracks",
    (parts) => {
      parts.rows = parts.rows.map((row, at) => (at === 0 ? row : row.replace(/[^,]+$/, "120.0")));
    },
    /0 dark tracks \(at least 20 needed\), 0 dark test images/,
  ));

test("refuses a file that is not gzip, and one that is missing", async () => {
  const dir = writeIdxSet(whole);
  const { writeFileSync } = await import("node:fs");
  writeFileSync(join(dir, "test-labels-idx1-ubyte.gz"), "not gzip");
  await assert.rejects(openFieldFolder(dir), { code: "idx-malformed" });
  rmSync(join(dir, "test-labels-idx1-ubyte.gz"));
  await assert.rejects(openFieldFolder(dir), { code: "idx-malformed" });
  rmSync(dir, { recursive: true });
});
