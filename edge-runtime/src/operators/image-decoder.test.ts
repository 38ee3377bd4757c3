import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { decodeImage, encodePng } from "./encoded-image.ts";
import { hostileImages } from "./hostile-images.ts";
import { startImageDecoder } from "./image-decoder.ts";
import { preprocess } from "./preprocess.ts";

const image = { data: Uint8Array.from({ length: 300 }, (_, i) => i % 251), width: 10, height: 10 };
const spec = { operator: "resize-rgb", version: 1, width: 4, height: 4 } as const;

describe("an image decoder", () => {
  const decoder = startImageDecoder();
  after(() => decoder.close());

  test("gives the same pixels as decoding here, with and without preprocessing", async () => {
    const png = await encodePng(image);
    assert.deepEqual(await decoder.decode(png), image);
    assert.deepEqual(await decoder.decode(png, spec), await preprocess(spec, png));
  });

  test("refuses every hostile image by its code, in its process and here, and stays up", async () => {
    await decoder.decode(await encodePng(image));
    const { pid } = decoder;
    for (const { name, bytes, code } of await hostileImages()) {
      await assert.rejects(decoder.decode(bytes), { code }, name);
      await assert.rejects(decodeImage(bytes), { code }, name);
    }
    assert.equal(decoder.pid, pid);
    assert.deepEqual(await decoder.decode(await encodePng(image)), image);
  });

  test("refuses a PNG of 20,000 × 20,000 pixels within 100 ms", async () => {
    const [bomb] = await hostileImages();
    assert.ok(bomb);
    const timesMs: number[] = [];
    for (let i = 0; i < 5; i += 1) {
      const startedMs = performance.now();
      await assert.rejects(decoder.decode(bomb.bytes), { code: "image-too-large" });
      timesMs.push(performance.now() - startedMs);
    }
    assert.ok(Math.min(...timesMs) < 100, `took ${timesMs.map(Math.round).join(", ")} ms`);
  });

  test("replaces its process when that dies, and images that waited are decoded by the next one", async () => {
    const png = await encodePng(image);
    await decoder.decode(png);
    const { pid } = decoder;
    assert.ok(pid);
    process.kill(pid, "SIGKILL");
    const results = await Promise.allSettled([decoder.decode(png), decoder.decode(png), decoder.decode(png)]);
    assert.ok(results.slice(1).every((result) => result.status === "fulfilled"));
    assert.notEqual(decoder.pid, pid);
  });
});

test("an image decoder kills a decode that takes too long and goes on with the next image", async () => {
  const decoder = startImageDecoder({ timeoutMs: 60 });
  const large = { data: new Uint8Array(4800 * 4800 * 3), width: 4800, height: 4800 };
  const slow = await encodePng(large);
  await decoder.decode(await encodePng(image)).catch(() => undefined);
  await assert.rejects(decoder.decode(slow), { code: "decoder-failed" });
  assert.deepEqual(await decoder.decode(await encodePng(image)), image);
  await decoder.close();
  await assert.rejects(decoder.decode(slow), { code: "decoder-failed" });
});

test("an image decoder refuses more waiting images than it has room for", async () => {
  const decoder = startImageDecoder({ maxWaiting: 1 });
  const png = await encodePng(image);
  const accepted = decoder.decode(png);
  await assert.rejects(decoder.decode(png), { code: "decoder-busy" });
  assert.deepEqual(await accepted, image);
  await decoder.close();
});
