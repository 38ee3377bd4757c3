import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  buildClassifier,
  buildHead,
  type Components,
  createRandom,
  parseModel,
  serializeModel,
} from "@fieldloop/compiler";
import { replaceFile } from "./durable-file.ts";
import { inJob, type Job } from "./job-directory.ts";
import type { Recipe } from "./recipe.ts";

/** The model to begin with, and which heads are new in it. */
export interface StartingModel {
  readonly components: Components;
  readonly freshHeads: readonly string[];
}

/**
 * The model that training begins with: built from the recipe, or the job's base; a head that the base lacks, or has with
 * another number of classes, begins anew.
 */
export async function startingModel(jobDir: string, job: Job, recipe: Recipe): Promise<StartingModel> {
  const heads = recipe.heads.map(({ name, classes }) => ({ name, classes: classes.length }));
  if (job.base === undefined) {
    return { components: buildClassifier({ ...recipe, heads }), freshHeads: heads.map((head) => head.name) };
  }
  const { base } = job;
  const read = async (path: string) => parseModel(new Uint8Array(await readFile(inJob(jobDir, path))));
  const backbone = await read(base.backbone);
  const embeddingSize = Number(backbone.outputs[0]?.shape?.at(-1));
  const freshHeads: string[] = [];
  const graphs: [string, Components["backbone"]][] = [];
  for (const [index, head] of heads.entries()) {
    const path = base.heads[head.name];
    const old = path === undefined ? undefined : await read(path);
    const fits = old?.outputs[0]?.shape?.at(-1) === head.classes;
    if (!fits) freshHeads.push(head.name);
    graphs.push([head.name, fits ? old : buildHead(head, { embeddingSize }, createRandom(recipe.seed + index + 1))]);
  }
  return { components: { backbone, heads: Object.fromEntries(graphs) }, freshHeads };
}

/** Writes `model/`: canonical ONNX per component, and `model.json` that says how they belong together. */
export async function writeModel(folder: string, components: Components, recipe: Recipe): Promise<void> {
  const files = { backbone: components.backbone, ...components.heads };
  for (const [name, graph] of Object.entries(files))
    await replaceFile(join(folder, `${name}.onnx`), [serializeModel(graph)]);
  const size = recipe.imageSize;
  const description = {
    contract: 1,
    backbone: "backbone.onnx",
    embeddingSize: Number(components.backbone.outputs[0]?.shape?.at(-1)),
    heads: recipe.heads.map(({ name, classes }) => ({ name, file: `${name}.onnx`, classes })),
    preprocess: { operator: "resize-rgb", version: 1, width: size, height: size },
    pixelScale: { centre: 128, divisor: 128 },
  };
  await replaceFile(join(folder, "model.json"), [JSON.stringify(description, undefined, 2)]);
}
