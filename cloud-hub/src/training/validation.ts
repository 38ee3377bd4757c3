import { type Components, serializeModel } from "@fieldloop/compiler";
import type { Engine } from "@fieldloop/edge-runtime/engine";
import { scalePixels } from "./augmentation.ts";
import { classIndex } from "./batches.ts";
import type { ManifestLine } from "./job-directory.ts";
import type { Recipe } from "./recipe.ts";
import type { TrainingImages } from "./training-images.ts";

/** How often a head was right, on how many labelled samples. */
export interface HeadAccuracy {
  readonly accuracy: number;
  readonly n: number;
}

const batch = 128;

/** Judges a model on the manifest's validation split; heads without labels there are absent. */
export async function validate(
  engine: Engine,
  components: Components,
  recipe: Recipe,
  lines: readonly ManifestLine[],
  images: TrainingImages,
): Promise<Readonly<Record<string, HeadAccuracy>>> {
  const judged = [...lines.entries()].filter(([, line]) => line.split === "val").map(([index]) => index);
  const chosen = await predictClasses(engine, components, judged, images);
  return Object.fromEntries(
    recipe.heads.flatMap(({ name, classes }) => {
      const truths = judged.map((index) => classIndex(lines[index]!, name, classes));
      const n = truths.filter((truth) => truth >= 0).length;
      const right = truths.filter((truth, at) => truth >= 0 && chosen[name]![at] === truth).length;
      return n === 0 ? [] : [[name, { accuracy: right / n, n }]];
    }),
  );
}

/** The class each head chooses for the given images, in their order. */
export async function predictClasses(
  engine: Engine,
  components: Components,
  indices: readonly number[],
  { size, pixels }: TrainingImages,
): Promise<Readonly<Record<string, readonly number[]>>> {
  const graphs = Object.entries({ backbone: components.backbone, ...components.heads });
  const model = await engine.load(graphs.map(([name, graph]) => ({ name, bytes: serializeModel(graph) })));
  const floats = size * size * 3;
  const chosen: Record<string, number[]> = Object.fromEntries(Object.keys(components.heads).map((name) => [name, []]));
  for (let start = 0; start < indices.length; start += batch) {
    const part = indices.slice(start, start + batch);
    const data = new Float32Array(part.length * floats);
    for (const [place, index] of part.entries()) {
      scalePixels(
        pixels.subarray(index * floats, (index + 1) * floats),
        data.subarray(place * floats, (place + 1) * floats),
        size,
      );
    }
    const { outputs } = await model.run({ image: { dtype: "float32", shape: [part.length, 3, size, size], data } });
    for (const [name, list] of Object.entries(chosen))
      list.push(...strongest(outputs[name]!.data as Float32Array, part.length));
    await new Promise(setImmediate);
  }
  await model.unload();
  return chosen;
}

function strongest(logits: Float32Array, rows: number): number[] {
  const classes = logits.length / rows;
  return Array.from({ length: rows }, (_, row) => {
    const scores = logits.subarray(row * classes, (row + 1) * classes);
    return scores.indexOf(Math.max(...scores));
  });
}
