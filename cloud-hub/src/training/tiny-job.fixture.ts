import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRandom } from "@fieldloop/compiler";
import type { Job, ManifestLine } from "./job-directory.ts";
import type { RecipeInput } from "./recipe.ts";

/** Two kinds of tiny images that any network tells apart: reddish and bluish noise of 8 × 8 pixels. */
export const tinyHeads = [
  { name: "colour", classes: ["red", "blue"] },
  { name: "kind", classes: ["warm", "cold"] },
];

export const tinyRecipe: RecipeInput = {
  heads: tinyHeads,
  imageSize: 8,
  channels: [4, 8],
  embeddingSize: 8,
  steps: 30,
  batch: 8,
  warmUpSteps: 5,
  shiftPx: 1,
  reportEvery: 5,
  checkpointEvery: 10,
  seed: 3,
};

const bytesPerImage = 8 * 8 * 3;

/** Writes a job directory with 48 images (a third of them for validation, half of the rest from the field). */
export function writeTinyJob(
  jobDir: string,
  changes: Partial<Job> & { readonly recipe?: object } = {},
): readonly ManifestLine[] {
  const random = createRandom(11);
  mkdirSync(join(jobDir, "input"), { recursive: true });
  const lines = Array.from({ length: 48 }, (_, index) => tinyLine(index));
  writeFileSync(
    join(jobDir, "input", "pixels.rgb"),
    Buffer.concat(lines.map((_, index) => tinyImage(index % 2, random))),
  );
  writeFileSync(join(jobDir, "input", "manifest.jsonl"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  const job = { contract: 1, threads: 1, ...changes, recipe: { ...tinyRecipe, ...changes.recipe } };
  writeFileSync(join(jobDir, "job.json"), JSON.stringify(job));
  return lines;
}

function tinyLine(index: number): ManifestLine {
  const side = index % 2;
  // Every fifth sample carries one of its two labels only, as samples do whose other question nobody answered.
  const labels = index % 5 === 0 ? { colour: tinyHeads[0]!.classes[side]! } : labelsOf(side);
  return {
    sample: `s${index}`,
    pixels: { path: "input/pixels.rgb", offset: index * bytesPerImage },
    labels,
    split: index % 3 === 2 ? "val" : "train",
    role: index % 6 < 3 ? "old" : "field",
  };
}

function labelsOf(side: number): Record<string, string> {
  return Object.fromEntries(tinyHeads.map(({ name, classes }) => [name, classes[side]!]));
}

function tinyImage(side: number, random: ReturnType<typeof createRandom>): Uint8Array {
  return Uint8Array.from({ length: bytesPerImage }, (_, at) => (at % 3 === side * 2 ? 150 : 60) + random.below(60));
}
