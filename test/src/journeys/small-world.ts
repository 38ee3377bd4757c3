import type { HubClient, ImportItem } from "@fieldloop/cloud-hub";
import { encodePng } from "@fieldloop/edge-runtime/operators";
import { seededRandom } from "../crash/kill-cycles.ts";

/** A world that a few training steps tell apart: bright above, below, left or right of 8 × 8 pixels. */
export const smallClasses = ["above", "below", "left", "right"] as const;

/** Width and height of its images. */
export const smallSide = 8;
const side = smallSide;

/** One image of the small world as PNG. light: factor on brightness, 1 by day */
export function smallImage(index: number, light: number, random: () => number): Promise<Uint8Array> {
  const data = new Uint8Array(side * side * 3);
  for (let pixel = 0; pixel < side * side; pixel += 1) {
    const place = index % 4 < 2 ? Math.floor(pixel / side) : pixel % side;
    const isLit = place < side / 2 === (index % 2 === 0);
    for (let channel = 0; channel < 3; channel += 1) {
      data[pixel * 3 + channel] = light * ((isLit ? 180 : 60) + 50 * random());
    }
  }
  return encodePng({ data, width: side, height: side });
}

/** Labelled images by day, a third of them for validation. prefix: of their keys and tracks */
export async function smallItems(count: number, prefix = "day"): Promise<ImportItem[]> {
  const random = seededRandom(count);
  const items: ImportItem[] = [];
  for (let index = 0; index < count; index += 1) {
    items.push({
      key: `${prefix}/${index}`,
      image: await smallImage(index, 0.8 + 0.3 * random(), random),
      labels: { side: smallClasses[index % 4]! },
      track: `${prefix}-${index}`,
      split: index % 3 === 0 ? "val" : "train",
      context: {},
    });
  }
  return items;
}

/** Everything is kept, half of it in the audit lane, so that crashes meet every lane. */
export const keepEverything = {
  predictions: "all" as const,
  sketchWindowMs: 1000,
  audit: { rate: 0.5, key: "0".repeat(32) },
  scorers: [{ kind: "uncertainty" as const, head: "side", bytesPerSecond: 1_000_000, burstBytes: 1_000_000 }],
};

/** Learns the small world in a second. */
export const smallRecipe = {
  heads: [{ name: "side", classes: [...smallClasses] }],
  imageSize: side,
  channels: [8],
  embeddingSize: 8,
  steps: 60,
  batch: 16,
  light: false,
  shiftPx: 0,
};

/** Imports, trains a few steps, compiles and releases; answers the release's digest and the version. */
export async function firstRelease(client: HubClient): Promise<{ readonly release: string; readonly version: string }> {
  await client.importSamples(await smallItems(120));
  const snapshot = await client.createSnapshot({ name: "day", parts: [{ role: "old", query: { source: "import" } }] });
  const { run } = await client.startRun({ model: "sides", snapshot: snapshot.id, recipe: smallRecipe, seed: 1 });
  const { version, state, error } = await client.waitForRun(run);
  if (version == null) throw new Error(`Training ended as ${state}: ${error}`);
  const job = await client.waitForJob((await client.compile(version)).job);
  if (job.state !== "done") throw new Error(`Compiling ended as ${job.state}: ${job.error}`);
  const { digest } = await client.createRelease({
    version,
    policy: keepEverything,
    profiles: ["x86-64"],
    budget: { maxSlowdown: 50 },
  });
  return { release: digest, version };
}
