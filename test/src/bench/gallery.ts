import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HubClient, SampleSearch } from "@fieldloop/cloud-hub";
import { startHubProcess } from "../journeys/hub-process.ts";
import { type Bench, type BenchOutcome, type BenchResult, quantile } from "./bench.ts";
import { fillGallery, type GalleryFacts } from "./gallery-data.ts";

const goalMs = 100;
const samples = 100_000;
const calls = 120;

/** `npm run bench -- gallery`: how long the hub takes to answer the page's questions over a hundred thousand samples. */
export const galleryBench: Bench = {
  name: "gallery",
  about: "first screen, filters and find similar over 100,000 samples, server time over HTTP",
  async run({ log }): Promise<BenchOutcome> {
    const dir = await mkdtemp(join(tmpdir(), "fieldloop-gallery-"));
    try {
      log(`filling a hub with ${samples} samples`);
      const facts = await fillGallery(dir, samples);
      log("starting the hub; it makes statistics and an index over the larger embedding space first");
      const hub = await startHubProcess(dir);
      try {
        return { results: await measure(hub.client, facts, log), skipped: [] };
      } finally {
        await hub.command.end("SIGTERM");
      }
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  },
};

async function measure(client: HubClient, facts: GalleryFacts, log: (line: string) => void): Promise<BenchResult[]> {
  const readyAfter = performance.now();
  await client.similar({ to: facts.large[0]!.id, limit: 1 }); // waits for what the hub does at its start
  const readyMs = performance.now() - readyAfter;
  log("asking");
  const shuffled = <T>(list: readonly T[], index: number): T => list[(index * 7919) % list.length]!;
  const first = await timed(() => client.samples({ limit: 60 }));
  const station = await timed(() => client.overview());
  const histogram = await timed((index) =>
    client.histogram({ split: "class", ...shuffled(histogramFilters(facts), index) }),
  );
  const filters = filtersOf(facts);
  const byFilter = new Map<string, number[]>();
  for (const [name, search] of Object.entries(filters)) {
    byFilter.set(name, await timed(() => client.samples({ ...search, limit: 60 }), Math.ceil(calls / 4)));
  }
  const deep = await timed((index) => client.samples({ after: shuffled(facts.cursors, index), limit: 60 }));
  const indexed = await timed((index) => client.similar({ to: shuffled(facts.large, index).id }));
  const exact = await timed((index) => client.similar({ to: shuffled(facts.small, index).id }));
  const narrowed = await timed((index) =>
    client.similar({ to: shuffled(facts.large, index).id, labelled: false, device: "cam-1" }),
  );
  const image = await timed((index) => client.sampleImage(shuffled(facts.large, index).id));
  const recall = await recallOf(client, facts);
  const slowest = [...byFilter].toSorted((a, b) => quantile(b[1], 0.95) - quantile(a[1], 0.95)).slice(0, 3);
  const slowestNote = slowest.map(([name, times]) => `${name} ${quantile(times, 0.95).toFixed(0)} ms`).join(", ");
  return [
    latency("gallery.first", "first screen, 60 samples newest first", first, ""),
    latency(
      "gallery.filter",
      `one page by ${byFilter.size} different filters`,
      [...byFilter.values()].flat(),
      `slowest p95: ${slowestNote}`,
    ),
    latency("gallery.deep", "a page from the middle of the list", deep, ""),
    latency(
      "gallery.similar",
      "find similar among 85,000 embeddings of 64 numbers, by index",
      indexed,
      `recall@10 ${recall.toFixed(3)} over ${recallQueries} samples`,
    ),
    latency("gallery.similar-exact", "find similar among 15,000 embeddings, exact", exact, ""),
    latency("gallery.similar-filtered", "find similar with two filters", narrowed, ""),
    latency("gallery.histogram", "time histogram by class, from rollups", histogram, ""),
    latency("gallery.overview", "the loop's figures", station, ""),
    latency("gallery.image", "one image", image, ""),
    {
      id: "gallery.start",
      what: "from the hub's first answer until statistics and index were made, while questions waited",
      value: readyMs,
      unit: "ms",
      goal: "none",
      met: null,
      n: 1,
      note: "made again when the rows of a space have doubled",
    },
  ];
}

function filtersOf({ classes, releases, middle }: GalleryFacts): Readonly<Record<string, SampleSearch>> {
  return {
    class: { class: classes[3]! },
    "class and confidence": { class: classes[5]!, confidenceBelow: 0.5 },
    "low confidence": { confidenceBelow: 0.35 },
    device: { device: "cam-2" },
    release: { release: releases[1]! },
    audit: { audit: true },
    "audit without answer": { audit: true, labelled: false },
    unlabelled: { labelled: false },
    labelled: { labelled: true },
    unsure: { unsure: true },
    "label class": { labelClass: classes[7]! },
    "prediction beside label": { class: classes[2]!, labelClass: classes[4]! },
    author: { author: "ben" },
    "rare author": { author: "cleo" },
    reason: { reason: "uncertainty" },
    "rare reason": { reason: "operator" },
    "a day": { from: middle, to: middle + 86_400_000 },
    "a day and class": { from: middle, to: middle + 86_400_000, class: classes[1]! },
    track: { track: "track-100" },
    nothing: { device: "cam-1", class: "no such class" },
    "nothing by label": { labelClass: classes[0]!, unsure: true, device: "cam-3" },
  };
}

const histogramFilters = ({ classes, middle }: GalleryFacts) => [
  {},
  { device: "cam-1" },
  { class: classes[0]! },
  { from: middle, to: middle + 86_400_000 },
  { confidenceBelow: 0.5 },
];

async function timed(call: (index: number) => Promise<unknown>, times: number = calls): Promise<number[]> {
  for (let index = 0; index < 3; index += 1) await call(index);
  const taken: number[] = [];
  for (let index = 0; index < times; index += 1) {
    const from = performance.now();
    await call(index);
    taken.push(performance.now() - from);
  }
  return taken;
}

function latency(id: string, what: string, times: readonly number[], note: string): BenchResult {
  const p95 = quantile(times, 0.95);
  const p50 = `p50 ${quantile(times, 0.5).toFixed(1)} ms`;
  return {
    id,
    what,
    value: p95,
    unit: "ms (p95)",
    goal: `≤ ${goalMs} ms`,
    met: p95 <= goalMs,
    n: times.length,
    note: note === "" ? p50 : `${p50}; ${note}`,
  };
}

const recallQueries = 40;

/** The share of the ten truly nearest that the index finds, the sample itself left out. */
async function recallOf(client: HubClient, { large }: GalleryFacts): Promise<number> {
  let found = 0;
  for (let query = 0; query < recallQueries; query += 1) {
    const anchor = large[(query * 7919) % large.length]!;
    const nearest = large
      .filter(({ id }) => id !== anchor.id)
      .map(({ id, unit }) => ({ id, likeness: dot(unit, anchor.unit) }))
      .toSorted((a, b) => b.likeness - a.likeness)
      .slice(0, 10);
    const answered = new Set((await client.similar({ to: anchor.id, limit: 11 })).map(({ id }) => id));
    found += nearest.filter(({ id }) => answered.has(id)).length;
  }
  return found / (10 * recallQueries);
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index += 1) sum += a[index]! * b[index]!;
  return sum;
}
