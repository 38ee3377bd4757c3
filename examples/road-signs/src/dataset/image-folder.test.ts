import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import sharp from "sharp";
import { renderWorld } from "../world/rendered-world.ts";
import { openFieldFolder } from "./open-field-folder.ts";
import { freshFolder, writeImageFolder } from "./written-sets.fixture.ts";

const world = await renderWorld(0, { oldTracks: 12, fieldTracks: 12, oldTests: 132, fieldTests: 132 });
const images = [...world.tests.old, ...world.tests.field];
const folder = await writeImageFolder([...images, images[0]!], world.classes.sign);
test.after(() => rmSync(folder, { recursive: true }));

test("a folder of images per class is split by light, every image its own track, equal ones once", async () => {
  const data = await openFieldFolder(folder);
  assert.deepEqual(data.classes.sign, world.classes.sign.toSorted());
  const old = [...data.old.train, ...data.old.validation];
  assert.equal(old.length + data.tests.old.length, 132);
  assert.equal(data.field.length + data.tests.field.length, 132);
  assert.ok(old.every(({ frames, id }) => frames.length === 1 && /^t_[0-9a-f]{16}$/.test(id)));
  const stop = data.classes.sign.indexOf("Yield");
  assert.equal(data.categoryOf(stop), 3);
  const first = data.tests.old[0]!;
  const twin = images.find(({ pixels }) => Buffer.compare(pixels, first.pixels) === 0)!;
  assert.equal(data.classes.sign[first.sign], world.classes.sign[twin.sign]);
});

test("larger images of any format are brought to 32×32", async () => {
  const dir = freshFolder();
  for (const [name, light] of [
    ["bright", 180],
    ["dark", 20],
  ] as const) {
    mkdirSync(join(dir, name));
    for (let at = 0; at < 120; at++) {
      const background = { r: light + (at % 12), g: light + Math.floor(at / 12), b: light };
      const drawn = sharp({ create: { width: 70, height: 50, channels: 3, background } });
      const file = join(dir, name, `${at}.${at % 2 === 0 ? "png" : "webp"}`);
      writeFileSync(file, await (at % 2 === 0 ? drawn.png() : drawn.webp({ lossless: true })).toBuffer());
    }
  }
  const data = await openFieldFolder(dir);
  const frames = [...data.old.train, ...data.field].flatMap((track) => track.frames);
  assert.ok(
    frames.every(({ pixels, width, height }) => width === 32 && height === 32 && pixels.length === 32 * 32 * 3),
  );
  assert.ok(data.field.every(({ sign }) => data.classes.sign[sign] === "dark"));
  rmSync(dir, { recursive: true });
});

async function refusesFile(bytes: Uint8Array, code: string): Promise<void> {
  const path = join(folder, "Stop", "0-bad.png");
  writeFileSync(path, bytes);
  try {
    await assert.rejects(openFieldFolder(folder), (error: Error & { code: string }) => {
      assert.equal(error.code, code, error.message);
      assert.ok(error.message.includes(path), error.message);
      return true;
    });
  } finally {
    rmSync(path);
  }
}

test("names the file that is no image", () => refusesFile(Buffer.from("not an image"), "image-unreadable"));

test("names the file that is cut", async () => {
  const noise = sharp({
    create: {
      width: 64,
      height: 64,
      channels: 3,
      background: "red",
      noise: { type: "gaussian", mean: 128, sigma: 40 },
    },
  });
  const png = await noise.png().toBuffer();
  await refusesFile(png.subarray(0, png.length / 2), "image-unreadable");
});

test("names the file that is huge when unpacked", async () => {
  const huge = await sharp({ create: { width: 6000, height: 6000, channels: 3, background: "red" } })
    .png()
    .toBuffer();
  await refusesFile(huge, "image-too-large");
});

test("names the file that is huge as it is", () => refusesFile(Buffer.alloc(17 * 1024 * 1024), "image-too-large"));

test("refuses a folder that is not there, is a file, or has neither shape", async () => {
  const empty = freshFolder();
  await assert.rejects(openFieldFolder(join(empty, "none")), { code: "field-folder-missing" });
  writeFileSync(join(empty, "note.txt"), "");
  await assert.rejects(openFieldFolder(join(empty, "note.txt")), { code: "field-folder-missing" });
  await assert.rejects(openFieldFolder(empty), { code: "field-folder-unrecognised" });
  rmSync(empty, { recursive: true });
});
