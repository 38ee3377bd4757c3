import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runTrainingJob } from "@fieldloop/cloud-hub";
import { startInlineEngine } from "@fieldloop/edge-runtime/engine";
import type { Bench, BenchOptions, BenchOutcome, BenchResult } from "./bench.ts";
import { datasetFolder } from "./datasets.ts";
import { readSigns, type SignImage, type SignParts } from "./gtsrb32.ts";

/** What a plain network gave in PyTorch (evaluation.md), in percent, as [lowest, highest] over seeds 0 and 1. */
const table = {
  plain: { v1Old: [89, 91], v1Field: [43, 47], ceilingOld: [92, 94], ceilingField: [90, 92] },
  light: { v1Old: [89, 91], v1Field: [64, 66], ceilingOld: [92, 94], ceilingField: [90, 92] },
} as const;
const tolerance = 3;
const bytesPerImage = 32 * 32 * 3;
const batch = 256;

/** The heads of the road signs. */
export const signHeads = [
  { name: "sign", classes: Array.from({ length: 43 }, (_, index) => `sign ${index}`) },
  { name: "category", classes: ["prohibition", "danger", "mandatory", "other"] },
];

type Mode = keyof typeof table;
type Accuracy = { readonly old: number; readonly field: number };

/** `npm run bench -- recipe`: v1 and the all-labels ceiling on real road signs, beside the table of evaluation.md. */
export const recipeBench: Bench = {
  name: "recipe",
  about: "the training recipe on gtsrb32, plain and light, beside PyTorch's table (v1 and all labels)",
  async run(options) {
    const data = datasetFolder("gtsrb32");
    if ("why" in data) return { results: [], skipped: [{ id: "recipe", why: data.why }] } satisfies BenchOutcome;
    const parts = readSigns(data.dir);
    const results: BenchResult[] = [];
    for (const mode of ["plain", "light"] as const) {
      if (options.only !== undefined && options.only !== mode) continue;
      for (const seed of options.seeds ?? [0]) results.push(...(await runMode(mode, seed, parts, options)));
    }
    return { results, skipped: [] };
  },
};

async function runMode(
  mode: Mode,
  seed: number,
  parts: SignParts,
  options: BenchOptions,
): Promise<readonly BenchResult[]> {
  const folder = await mkdtemp(join(tmpdir(), "fieldloop-recipe-"));
  try {
    const recipe = { heads: signHeads, light: mode === "light", seed };
    const old = [...linesOf(parts.oldTrain, "train", "old"), ...linesOf(parts.oldValidation, "val", "old")];
    const all = [...old, ...linesOf(parts.field, "train", "field")];
    const v1 = await trained(join(folder, "v1"), { lines: old, recipe: { ...recipe, steps: 1500 } }, options);
    const model = (name: string) => join(v1.dir, "model", `${name}.onnx`);
    const base = { backbone: model("backbone"), heads: { sign: model("sign"), category: model("category") } };
    const ceiling = await trained(
      join(folder, "ceiling"),
      { lines: all, recipe: { ...recipe, steps: 800 }, base },
      options,
    );
    return figures(
      mode,
      seed,
      { v1: v1.seconds, ceiling: ceiling.seconds },
      await accuracyOf(v1.dir, parts),
      await accuracyOf(ceiling.dir, parts),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Line {
  readonly image: SignImage;
  readonly split: "train" | "val";
  readonly role: "old" | "field";
}

/** Images as lines of a training job. */
export function linesOf(images: readonly SignImage[], split: Line["split"], role: Line["role"]): readonly Line[] {
  return images.map((image) => ({ image, split, role }));
}

/** Runs one training job in a folder; the model lies under `model/` then. */
export async function trained(
  dir: string,
  { lines, ...job }: { readonly lines: readonly Line[]; readonly recipe: object; readonly base?: object },
  { log }: BenchOptions,
): Promise<{ readonly dir: string; readonly seconds: number }> {
  await mkdir(join(dir, "input"), { recursive: true });
  await writeFile(join(dir, "input", "pixels.rgb"), Buffer.concat(lines.map(({ image }) => image.pixels)));
  const manifest = lines.map(({ image, split, role }, index) => {
    const labels = { sign: signHeads[0]!.classes[image.sign], category: signHeads[1]!.classes[image.category] };
    return `${JSON.stringify({ pixels: { path: "input/pixels.rgb", offset: index * bytesPerImage }, labels, split, role })}\n`;
  });
  await writeFile(join(dir, "input", "manifest.jsonl"), manifest.join(""));
  await writeFile(join(dir, "job.json"), JSON.stringify({ contract: 1, ...job }));
  const started = performance.now();
  await runTrainingJob(dir, {
    signal: new AbortController().signal,
    onEvent: ({ type, step, values }) => {
      if (type === "metrics" && step % 250 === 0) log(`step ${step}: loss ${values?.loss?.toFixed(3)}`);
    },
  });
  return { dir, seconds: (performance.now() - started) / 1000 };
}

async function accuracyOf(dir: string, { oldTest, fieldTest }: SignParts): Promise<Accuracy> {
  const engine = await startInlineEngine({ threads: 2 });
  const graphs = ["backbone", "sign", "category"].map(async (name) => ({
    name,
    bytes: new Uint8Array(await readFile(join(dir, "model", `${name}.onnx`))),
  }));
  const model = await engine.load(await Promise.all(graphs));
  const rightShare = async (images: readonly SignImage[]) => {
    let right = 0;
    for (let start = 0; start < images.length; start += batch) {
      const part = images.slice(start, start + batch);
      const { outputs } = await model.run({
        image: { dtype: "float32", shape: [part.length, 3, 32, 32], data: scaled(part) },
      });
      const logits = outputs.sign!.data as Float32Array;
      right += part.filter(({ sign }, row) => strongest(logits.subarray(row * 43, (row + 1) * 43)) === sign).length;
    }
    return (100 * right) / images.length;
  };
  const accuracy = { old: await rightShare(oldTest), field: await rightShare(fieldTest) };
  await engine.close();
  return accuracy;
}

function scaled(images: readonly SignImage[]): Float32Array {
  const data = new Float32Array(images.length * bytesPerImage);
  for (const [row, { pixels }] of images.entries()) {
    for (let at = 0; at < bytesPerImage; at++) {
      data[row * bytesPerImage + (at % 3) * 1024 + Math.floor(at / 3)] = (pixels[at]! - 128) / 128;
    }
  }
  return data;
}

function strongest(scores: Float32Array): number {
  return scores.indexOf(Math.max(...scores));
}

function figures(
  mode: Mode,
  seed: number,
  seconds: { readonly v1: number; readonly ceiling: number },
  v1: Accuracy,
  ceiling: Accuracy,
): readonly BenchResult[] {
  const beside = (name: keyof (typeof table)["plain"], what: string, value: number, n: number): BenchResult => {
    const [low, high] = table[mode][name];
    const goal = `${low}–${high} ± ${tolerance}`;
    const met = value >= low - tolerance;
    return {
      id: `recipe.${mode}.${seed}.${name}`,
      what,
      value,
      unit: "%",
      goal,
      met,
      n,
      note: "PyTorch's table in evaluation.md",
    };
  };
  const time = (name: string, value: number, n: number): BenchResult => {
    return {
      id: `recipe.${mode}.${seed}.${name}`,
      what: `${n} steps, start to model`,
      value,
      unit: "s",
      goal: "",
      met: null,
      n,
      note: "",
    };
  };
  return [
    beside("v1Old", "v1 on the old test", v1.old, 1914),
    beside("v1Field", "v1 on the field test", v1.field, 895),
    time("v1Seconds", seconds.v1, 1500),
    beside("ceilingOld", "all labels on the old test", ceiling.old, 1914),
    beside("ceilingField", "all labels on the field test", ceiling.field, 895),
    time("ceilingSeconds", seconds.ceiling, 800),
  ];
}
