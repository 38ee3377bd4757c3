import assert from "node:assert/strict";
import { test } from "node:test";
import {
  encodeMessage,
  generateKeyPair,
  inlineImageBytes,
  type PredictionsBody,
  type SketchBody,
} from "@fieldloop/devices";
import sharp from "sharp";
import { decodeImage } from "../operators/index.ts";
import { compilePlan } from "../pipeline/plan.ts";
import { makeTinyRelease } from "../releases/tiny-release.ts";
import { PredictionBatch } from "./prediction-batch.ts";
import { sampleImage } from "./sample-image.ts";
import { SketchWindow } from "./sketch-window.ts";

const { manifest, digest } = await makeTinyRelease(generateKeyPair());
const plan = compilePlan(digest, manifest);

const item = (frame: number, index: number, track?: string) => ({
  frame,
  at: frame,
  heads: { sign: { index, confidence: 0.5, margin: 0.1 } },
  latencyUs: 900,
  ...(track === undefined ? {} : { track }),
});

function batched(policy: "all" | "changes" | "none", items: readonly ReturnType<typeof item>[]): PredictionsBody[] {
  const bodies: PredictionsBody[] = [];
  const batch = new PredictionBatch(digest, policy, (body) => bodies.push(body));
  for (const one of items) batch.add(one);
  batch.flush();
  batch.flush();
  return bodies;
}

test("batches all predictions into records that stay within the uplink's message size", () => {
  const bodies = batched(
    "all",
    Array.from({ length: 1200 }, (_, n) => item(n + 1, n % 3, "t".repeat(60))),
  );
  assert.deepEqual(
    bodies.map((body) => body.items.length),
    [512, 512, 176],
  );
  for (const body of bodies) assert.ok(encodeMessage("predictions", body).byteLength < 128 * 1024);
});

test("says only changes per track, or nothing, where the policy says so", () => {
  const frames = [item(1, 0, "a"), item(2, 0, "a"), item(3, 1, "b"), item(4, 0, "a"), item(5, 2, "a"), item(6, 1, "b")];
  assert.deepEqual(
    batched("changes", frames).flatMap((body) => body.items.map(({ frame }) => frame)),
    [1, 3, 5],
  );
  assert.deepEqual(batched("none", frames), []);
});

const seen = (at: number, luma = 40) => ({
  at,
  luma,
  heads: { sign: { index: 1, confidence: 0.99, margin: 0.9 } },
  embedding: Float32Array.of(1, 2),
  latencyUs: 1000,
});

test("gathers sketches by windows of the clock and hands each over once", () => {
  const sketches: SketchBody[] = [];
  let nowMs = 0;
  const window = new SketchWindow(
    plan,
    () => nowMs,
    (sketch) => sketches.push(sketch),
  );
  window.observeUnanswered(10_100, "mailbox-full", "drop");
  for (const at of [10_200, 12_000, 14_999, 15_000, 26_000]) window.observe(seen(at));
  window.observeUnanswered(26_001, "image-unreadable", "error");
  window.closeIfIdle();
  assert.equal(sketches.length, 2, "the open window waits");
  nowMs = 5_000;
  window.closeIfIdle();
  window.close();
  assert.deepEqual(
    sketches.map(({ windowStart, frames, errors, dropped }) => [windowStart, frames, errors, dropped]),
    [
      [10_000, 3, 0, { "mailbox-full": 1 }],
      [15_000, 1, 0, {}],
      [25_000, 1, 1, {}],
    ],
  );
  const [first] = sketches;
  assert.ok(first);
  assert.deepEqual([first.heads.sign?.counts, first.embedding.n, first.windowMs], [[0, 3, 0], 3, 5000]);
  for (const sketch of sketches) encodeMessage("sketch", sketch);
});

const noise = (side: number) => {
  const data = Uint8Array.from({ length: side * side * 3 }, (_, n) => (n * 2654435761) >>> 24);
  return { data, width: side, height: side };
};

test("keeps small raw images losslessly and small encoded ones as they came", async () => {
  const raw = noise(32);
  const png = await sampleImage(raw);
  assert.deepEqual([png.encoding, png.lossy, png.width, png.height], ["png", false, 32, 32]);
  assert.deepEqual((await decodeImage(png.bytes)).data, raw.data);
  const jpeg = new Uint8Array(
    await sharp(raw.data, { raw: { width: 32, height: 32, channels: 3 } })
      .jpeg()
      .toBuffer(),
  );
  const kept = await sampleImage(jpeg);
  assert.deepEqual([kept.encoding, kept.lossy, kept.width], ["jpeg", false, 32]);
  assert.equal(kept.bytes, jpeg);
});

test("brings a large image below 128 KiB as JPEG and says that it is lossy", async () => {
  const kept = await sampleImage(noise(1500));
  assert.deepEqual([kept.encoding, kept.lossy], ["jpeg", true]);
  assert.ok(kept.bytes.byteLength <= inlineImageBytes && kept.width < 1500);
});
