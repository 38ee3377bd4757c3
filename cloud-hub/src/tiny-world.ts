import type { Random } from "@fieldloop/compiler/statistics";
import { encodePng } from "@fieldloop/edge-runtime/operators";
import type { ImportItem } from "./dataset/import.ts";

/** A world of four classes that a few training steps tell apart: 8 × 8 images, bright half above, below, left or right. */
export const tinySize = 8;
export const tinyClasses = ["above", "below", "left", "right"] as const;

/** Raw RGB of one class. light: factor on brightness, 1 by day */
export function tinyPixels(index: number, light: number, random: Random): Uint8Array {
  const data = new Uint8Array(tinySize * tinySize * 3);
  for (let y = 0; y < tinySize; y += 1) {
    for (let x = 0; x < tinySize; x += 1) {
      const place = index < 2 ? y : x;
      const isLit = place < tinySize / 2 === (index % 2 === 0);
      for (let channel = 0; channel < 3; channel += 1) {
        data[(y * tinySize + x) * 3 + channel] = light * ((isLit ? 180 : 60) + 50 * random());
      }
    }
  }
  return data;
}

/** The same as PNG bytes. */
export function tinyImage(index: number, light: number, random: Random): Promise<Uint8Array> {
  return encodePng({ data: tinyPixels(index, light, random), width: tinySize, height: tinySize });
}

/** Whole tracks by day, a third of them for validation. */
export async function tinyTracks(tracks: number, frames: number, random: Random): Promise<ImportItem[]> {
  const items: ImportItem[] = [];
  for (let track = 0; track < tracks; track += 1) {
    const index = track % tinyClasses.length;
    for (let frame = 0; frame < frames; frame += 1) {
      items.push({
        key: `day/${track}/${frame}`,
        image: await tinyImage(index, 0.8 + 0.3 * random(), random),
        labels: { side: tinyClasses[index]!, axis: index < 2 ? "vertical" : "horizontal" },
        track: `day-${track}`,
        split: track % 3 === 0 ? "val" : "train",
        context: { frame },
      });
    }
  }
  return items;
}

/** A recipe that learns the tiny world in a few seconds. */
export const tinyRecipe = {
  heads: [
    { name: "side", classes: [...tinyClasses] },
    { name: "axis", classes: ["vertical", "horizontal"] },
  ],
  imageSize: tinySize,
  channels: [8, 16],
  embeddingSize: 8,
  steps: 120,
  batch: 32,
  light: false,
  shiftPx: 0,
};

/** A sampling policy for devices of the tiny world. */
export const tinyPolicy = {
  predictions: "all" as const,
  sketchWindowMs: 5000,
  audit: { rate: 0.05, key: "0".repeat(32) },
  scorers: [{ kind: "uncertainty" as const, head: "side", bytesPerSecond: 20_000, burstBytes: 200_000 }],
};
