import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RecipeInput } from "@fieldloop/cloud-hub";
import { runTrainingJob } from "@fieldloop/cloud-hub";
import { compileVersion } from "@fieldloop/compiler";
import { proportion, proportionUnits, seededRandom } from "@fieldloop/compiler/statistics";
import type { Figure } from "@fieldloop/devices";
import { startEngineHost } from "@fieldloop/edge-runtime/engine";
import type { Image, Track } from "../dataset/road-sign-data.ts";
import { figureText } from "../report/figure-text.ts";
import type { Progress } from "../terminal/progress.ts";
import { runStep, type Story } from "./story.ts";

/** How one side of the comparison did on the field test and the old test, and per image of the field test. */
export type Compared = { readonly field: Figure; readonly old: Figure; readonly outcomes: readonly boolean[] };

/**
 * Trains from v1's weights on answers chosen uniformly, as many as the loop used, and on all labels. Both read the field
 * folder, not the hub's dataset, and run the hub's own trainer on a job directory; tracks that hold an audited frame
 * train neither the uniform side nor the loop.
 */
export function compare(
  story: Story,
  parts: { readonly v1: string; readonly answers: number; readonly audited: ReadonlySet<string> },
): Promise<{ readonly uniform: Compared; readonly allLabels: Compared }> {
  return runStep(story, "Compare", async (progress) => {
    const open = story.data.field.filter(({ id }) => !parts.audited.has(id));
    const chosen = sampleOf(open, parts.answers, story.options.seed);
    const uniform = await trainAndJudge(story, "uniform", parts.v1, chosen, progress);
    const allLabels = await trainAndJudge(story, "all-labels", parts.v1, story.data.field, progress);
    return {
      result: { uniform, allLabels },
      figures: [
        `${chosen.length} uniform tracks: field ${figureText(uniform.field)}`,
        `all ${story.data.field.length} tracks: field ${figureText(allLabels.field)}`,
      ],
    };
  });
}

function sampleOf(tracks: readonly Track[], count: number, seed: number): Track[] {
  const random = seededRandom(`uniform ${seed}`);
  return tracks
    .map((track) => ({ track, key: random() }))
    .toSorted((a, b) => a.key - b.key)
    .slice(0, count)
    .map(({ track }) => track);
}

async function trainAndJudge(
  story: Story,
  name: string,
  v1: string,
  field: readonly Track[],
  progress: Progress,
): Promise<Compared> {
  const job = join(story.places.comparison, name);
  const recipe = story.recipes.again;
  await writeJob(story, job, v1, field);
  await runTrainingJob(job, {
    signal: new AbortController().signal,
    onEvent: (event) => {
      if (event.type === "progress") progress.show(event.step, recipe.steps ?? 0, name);
    },
  });
  const { tests, classes } = story.data;
  const judge = await openModel(join(job, "model"), classes.sign.length);
  try {
    const outcomes = await judge.outcomes(tests.field);
    return { field: shareOf(outcomes), old: shareOf(await judge.outcomes(tests.old)), outcomes };
  } finally {
    await judge.close();
  }
}

async function writeJob(story: Story, job: string, v1: string, field: readonly Track[]): Promise<void> {
  const { data, client, recipes } = story;
  await mkdir(join(job, "input", "base"), { recursive: true });
  const { components } = await client.version(v1);
  for (const { name, canonical } of components) {
    await writeFile(join(job, "input", "base", `${name}.onnx`), await client.blob(canonical.digest));
  }
  const heads = components.filter(({ role }) => role === "head").map(({ name }) => [name, `input/base/${name}.onnx`]);
  const rows = [...framesOf(data.old.train, "old"), ...framesOf(field, "field")];
  await writeFile(join(job, "input", "pixels.bin"), Buffer.concat(rows.map(({ image }) => image.pixels)));
  let offset = 0;
  const lines = rows.map(({ image, role }) => {
    const labels = { sign: data.classes.sign[image.sign], category: data.classes.category[image.category] };
    const line = { pixels: { path: "input/pixels.bin", offset }, labels, split: "train", role };
    offset += image.pixels.length;
    return JSON.stringify(line);
  });
  await writeFile(join(job, "input", "manifest.jsonl"), `${lines.join("\n")}\n`);
  const recipe: RecipeInput = { ...recipes.again, seed: story.options.seed };
  const base = { backbone: "input/base/backbone.onnx", heads: Object.fromEntries(heads) };
  await writeFile(join(job, "job.json"), JSON.stringify({ contract: 1, recipe, base }));
}

function framesOf(
  tracks: readonly Track[],
  role: "old" | "field",
): { readonly image: Image; readonly role: "old" | "field" }[] {
  return tracks.flatMap(({ frames }) => frames.map((image) => ({ image, role })));
}

const batchSize = 64;

async function openModel(folder: string, classes: number) {
  const description = JSON.parse(await readFile(join(folder, "model.json"), "utf8")) as {
    backbone: string;
    heads: { name: string; file: string }[];
  }; // written by the trainer
  const read = async (file: string) => new Uint8Array(await readFile(join(folder, file)));
  const sign = description.heads.find(({ name }) => name === "sign");
  const { variants } = await compileVersion({
    components: [
      { name: "backbone", role: "backbone", bytes: await read(description.backbone) },
      { name: "sign", role: "head", bytes: await read(sign?.file ?? "sign.onnx") },
    ],
    targets: ["ort-cpu-fp32"],
  });
  const host = await startEngineHost();
  const model = await host.load(variants.map(({ component, bytes }) => ({ name: component, bytes })));
  return {
    async outcomes(images: readonly Image[]): Promise<boolean[]> {
      const right: boolean[] = [];
      for (let start = 0; start < images.length; start += batchSize) {
        const batch = images.slice(start, start + batchSize);
        const { width, height } = batch[0] ?? { width: 0, height: 0 };
        const data = new Uint8Array(Buffer.concat(batch.map(({ pixels }) => pixels)));
        const { outputs } = await model.run({
          image: { dtype: "uint8", shape: [batch.length, height, width, 3], data },
        });
        const logits = outputs.sign?.data as Float32Array; // heads answer float32
        for (const [row, image] of batch.entries()) {
          right.push(indexOfLargest(logits.subarray(row * classes, (row + 1) * classes)) === image.sign);
        }
      }
      return right;
    },
    close: () => host.close(),
  };
}

const indexOfLargest = (values: Float32Array): number =>
  values.reduce((best, value, index) => (value > (values[best] ?? -Infinity) ? index : best), 0);

/** The share of right images; test images have no track, so each is a unit of its own. */
const shareOf = (outcomes: readonly boolean[]): Figure =>
  proportion(proportionUnits(outcomes.map((success, index) => ({ unit: String(index), success }))));
