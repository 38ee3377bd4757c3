import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { seededRandom } from "@fieldloop/compiler/statistics";
import {
  createSketch,
  decodeMessage,
  mergeSketches,
  observeDrop,
  observeFrame,
  type SketchBody,
} from "@fieldloop/devices";
import type { Hub } from "../hub-parts.ts";
import { TinyDevice, type TinyRecord, tinySample } from "../ingest/tiny-device.ts";
import { type HubStore, openHubStore } from "../storage/hub-store.ts";
import { meanOfBins, quantileOfBins, readCurves } from "./curves.ts";
import { readHistogram } from "./histogram.ts";
import { levelFor, rollupLevels } from "./level.ts";
import { rollUpOldSketches } from "./sketch-rollup.ts";

const random = seededRandom("rollups");
const devices = [new TinyDevice("reader-1"), new TinyDevice("reader-2", "00000000000000e2")];
const receivedAt = 1_700_000_100_000;
const release = `sha256:${"1".repeat(64)}`;
let dataDir: string;
let store: HubStore;
let hub: Hub;
const sketches: { device: string; sketch: SketchBody }[] = [];

before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "fieldloop-rollups-"));
  store = await openHubStore({ dataDir, appliers: {} });
  hub = hubOn();
  for (const device of devices) {
    const samples = Array.from({ length: 120 }, (_, index) => tinySample(index + 1));
    await store.store(device.arrivalOf("samples", samples.slice(0, 70)));
    await store.store(device.arrivalOf("samples", samples.slice(50)));
    const records = Array.from({ length: 30 }, (_, index): TinyRecord => {
      const sketch = tinySketch(receivedAt - 3_600_000 + index * 100_000);
      sketches.push({ device: device.device, sketch });
      return { seq: index + 1, kind: "sketch", body: sketch };
    });
    await store.store(device.arrivalOf("sketches", records.slice(0, 11)));
    await store.store(device.arrivalOf("sketches", records.slice(11)));
  }
  await store.idle();
});
after(async () => {
  await store.close();
  await rm(dataDir, { recursive: true, force: true });
});

/** What the readers of rollups need of a hub. */
function hubOn(): Hub {
  const rows: Hub["rows"] = async (sql, parameters) => (await store.db.query(sql, parameters)).rows as never;
  return { fleet: "plant", rows } as Hub;
}

function tinySketch(windowStart: number): SketchBody {
  const sketch = createSketch({ release, windowStart, windowMs: 5000, heads: { sign: 3 }, embeddingSize: 2 });
  const frames = 1 + Math.floor(20 * random());
  for (let frame = 0; frame < frames; frame += 1) {
    const heads = { sign: { index: Math.floor(3 * random()), confidence: random(), margin: 0 } };
    const embedding = Float32Array.of(random(), random());
    observeFrame(sketch, { heads, embedding, luma: 255 * random(), latencyUs: 1 + 1e4 * random() });
  }
  if (random() < 0.3) observeDrop(sketch, "busy");
  return sketch;
}

const slowCounts = `select v.level, s.at - s.at % v.level as start, s.source, coalesce(s.device, '') as device,
    coalesce(s.release, '') as release, coalesce(s.class, '') as class,
    coalesce(least(9, floor(s.confidence * 10)), -1)::int as decile, s.audit, count(*) as count
  from samples s, (values (60000), (3600000), (86400000)) as v(level)
  group by 1, 2, 3, 4, 5, 6, 7, 8 order by 1, 2, 4, 7`;
const keptCounts = `select level, start, source, device, release, class, decile::int as decile, audit, count
  from sample_rollups order by 1, 2, 4, 7`;

test("counts of samples equal counting them, whatever came twice", async () => {
  const slow = (await store.db.query(slowCounts)).rows;
  assert.ok(slow.length > 60);
  assert.deepEqual((await store.db.query(keptCounts)).rows, slow);
});

async function keptSketches(): Promise<Map<string, SketchBody>> {
  const { rows } = await store.db.query<{ level: number; device: string; start: number; body: Uint8Array }>(
    "select level, device, start, body from sketch_rollups order by 1, 2, 3",
  );
  return new Map(
    rows.map(({ level, device, start, body }) => [`${level} ${device} ${start}`, decodeMessage("sketch", body)]),
  );
}

test("merged sketches equal merging them, per minute, hour and day", async () => {
  const slow = new Map<string, SketchBody>();
  for (const { device, sketch } of sketches) {
    for (const level of Object.values(rollupLevels)) {
      const windowStart = sketch.windowStart - (sketch.windowStart % level);
      const key = `${level} ${device} ${windowStart}`;
      const placed = { ...sketch, windowStart, windowMs: level };
      const known = slow.get(key);
      slow.set(key, known === undefined ? placed : mergeSketches(known, placed));
    }
  }
  const kept = await keptSketches();
  assert.deepEqual([...kept.keys()].sort(), [...slow.keys()].sort());
  for (const [key, sketch] of slow) {
    const { embedding, ...counts } = kept.get(key)!;
    const { embedding: slowEmbedding, ...slowRest } = sketch;
    assert.deepEqual(counts, slowRest);
    assert.equal(embedding.n, slowEmbedding.n);
    // float32 running means, merged in another order
    for (const [index, value] of embedding.mean.entries()) {
      assert.ok(Math.abs(value - slowEmbedding.mean[index]!) < 1e-4, `${key} mean[${index}]`);
    }
  }
});

test("sketches of before there were rollups are rolled up once", async () => {
  const before = await keptSketches();
  await store.db.query("delete from sketch_rollups");
  await store.db.query("update sketches set rolled = false");
  assert.equal(await rollUpOldSketches(store.db, "plant", () => false), sketches.length);
  assert.equal(await rollUpOldSketches(store.db, "plant", () => false), 0);
  const again = await keptSketches();
  assert.deepEqual([...again.keys()], [...before.keys()]);
  for (const [key, { frames, dropped, heads }] of before) {
    const found = again.get(key)!;
    assert.deepEqual([found.frames, found.dropped, found.heads], [frames, dropped, heads]);
  }
});

test("a histogram sums to the samples there are, by any split, in buckets chosen by the span", async () => {
  const whole = await readHistogram(hub, {});
  assert.equal(whole.total, 240);
  const minutes = await readHistogram(hub, { from: 1_700_000_000_000, to: 1_700_000_240_000, split: "decile" });
  assert.deepEqual([minutes.bucketMs, minutes.total, minutes.series.length], [60_000, 240, 10]);
  for (const split of ["class", "device", "release", "source", "audit"] as const) {
    assert.equal((await readHistogram(hub, { split })).total, 240);
  }
  const sure = await readHistogram(hub, { confidenceAbove: 0.5 });
  const [slow] = (await store.db.query<{ n: number }>("select count(*) as n from samples where confidence >= 0.5"))
    .rows;
  assert.equal(sure.total, slow?.n);
  assert.deepEqual((await readHistogram(hub, { device: "reader-9" })).series, []);
});

test("curves say how many frames stand behind each figure", async () => {
  const span = { from: receivedAt - 4_000_000, to: receivedAt };
  const { points, bucketMs } = await readCurves(hub, { ...span, device: "reader-1" });
  assert.equal(bucketMs, rollupLevels.minute);
  const frames = sketches
    .filter(({ device }) => device === "reader-1")
    .reduce((sum, each) => sum + each.sketch.frames, 0);
  assert.equal(
    points.reduce((sum, point) => sum + point.frames, 0),
    frames,
  );
  const counted = points.map(({ heads }) => heads?.sign?.counts.reduce((sum, count) => sum + count, 0));
  assert.deepEqual(
    counted,
    points.map((point) => point.frames),
  );
  const fleet = await readCurves(hub, span);
  assert.equal(
    fleet.points.reduce((sum, point) => sum + point.frames, 0),
    sketches.reduce((sum, each) => sum + each.sketch.frames, 0),
  );
});

test("levels and bins", () => {
  assert.equal(levelFor(3_600_000, 100), rollupLevels.minute);
  assert.equal(levelFor(30 * 86_400_000, 800), rollupLevels.hour);
  assert.equal(levelFor(1000 * 86_400_000, 100), rollupLevels.day);
  assert.equal(meanOfBins([0, 0], 0.5), null);
  assert.equal(meanOfBins([1, 1], 0.5), 0.5);
  assert.equal(quantileOfBins([0, 0, 4], 0.5), Math.round(2 ** 2.5));
  assert.equal(quantileOfBins([0], 0.5), null);
});
