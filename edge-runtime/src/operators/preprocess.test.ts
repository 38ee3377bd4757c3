import assert from "node:assert/strict";
import { test } from "node:test";
import sharp from "sharp";
import { noise } from "../engine/tiny-onnx.ts";
import { decodeImage, encodePng, imageEncoding } from "./encoded-image.ts";
import { preprocess } from "./preprocess.ts";
import { meanLuma, type RawImage } from "./raw-image.ts";

const spec = (width: number, height: number) => ({ operator: "resize-rgb", version: 1, width, height }) as const;

function speckled(width: number, height: number): RawImage {
  const data = Uint8Array.from(noise(width * height * 3, 7, 127), (value) => value + 128);
  return { data, width, height };
}

test("passes raw RGB of the exact size through untouched", async () => {
  const image = speckled(32, 32);
  assert.equal(await preprocess(spec(32, 32), image), image);
});

test("gives PNG and raw RGB of one image the very same pixels, at the same size and resized", async () => {
  const image = speckled(48, 40);
  const png = await encodePng(image);
  assert.deepEqual(await decodeImage(png), image);
  for (const [width, height] of [
    [48, 40],
    [32, 32],
    [64, 96],
  ] as const) {
    assert.deepEqual(await preprocess(spec(width, height), png), await preprocess(spec(width, height), image));
  }
});

test("halves an image to the mean of its neighbours", async () => {
  const data = Uint8Array.from({ length: 4 * 4 * 3 }, (_, i) => (Math.floor(i / 3) % 4 < 2 ? 10 : 200));
  const { data: small } = await preprocess(spec(2, 2), { data, width: 4, height: 4 });
  const left = [small[0], small[6]];
  const right = [small[3], small[9]];
  for (const value of left) assert.ok(Math.abs((value ?? 0) - 10) <= 32, "linear kernel reaches into the neighbour");
  for (const value of right) assert.ok(Math.abs((value ?? 0) - 200) <= 32, "linear kernel reaches into the neighbour");
});

test("reads JPEG, WebP, grey and transparent images as RGB", async () => {
  const { data, width, height } = speckled(20, 10);
  const source = () => sharp(data, { raw: { width, height, channels: 3 } });
  const encoded = {
    jpeg: await source().jpeg().toBuffer(),
    webp: await source().webp().toBuffer(),
    png: await source().greyscale().png().toBuffer(),
  };
  for (const [encoding, bytes] of Object.entries(encoded)) {
    assert.equal(imageEncoding(bytes), encoding);
    assert.equal((await preprocess(spec(8, 8), bytes)).data.length, 8 * 8 * 3);
  }
  const transparent = await source().ensureAlpha(0.5).png().toBuffer();
  assert.deepEqual((await decodeImage(transparent)).data, data);
});

test("turns an image the way a person sees it", async () => {
  const { data, width, height } = speckled(20, 10);
  const jpeg = await sharp(data, { raw: { width, height, channels: 3 } })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer();
  const seen = await decodeImage(jpeg);
  assert.deepEqual([seen.width, seen.height], [10, 20]);
});

test("measures mean luma with the weights of BT.601", () => {
  assert.equal(meanLuma({ data: Uint8Array.of(255, 0, 0, 0, 255, 0), width: 2, height: 1 }), 112.965);
  assert.equal(meanLuma({ data: new Uint8Array(12).fill(77), width: 2, height: 2 }), 77);
});

test("refuses sizes that do not fit the bytes, and operators it does not have", async () => {
  const odd = { data: new Uint8Array(11), width: 2, height: 2 };
  await assert.rejects(preprocess(spec(2, 2), odd), { code: "image-unreadable" });
  await assert.rejects(encodePng(odd), { code: "image-unreadable" });
  const future = { ...spec(2, 2), version: 2 } as unknown as ReturnType<typeof spec>;
  await assert.rejects(preprocess(future, speckled(2, 2)), { code: "bad-preprocess" });
});
