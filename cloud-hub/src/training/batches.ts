import { createRandom, type Random } from "@fieldloop/compiler";
import type { Tensor } from "@fieldloop/edge-runtime/engine";
import { HubError } from "../errors.ts";
import { augment, noiseTable } from "./augmentation.ts";
import type { ManifestLine } from "./job-directory.ts";
import type { Recipe } from "./recipe.ts";
import type { TrainingImages } from "./training-images.ts";

/** Gives the inputs of every step; a step's batch follows from seed and step alone, so a run can go on anywhere. */
export interface Batches {
  /** step: 1, 2, … · the arrays are reused by the next call */
  batchOf(step: number): Readonly<Record<string, Tensor>>;
}

/** A part of the data that takes a fixed number of places in every batch, in an order shuffled anew each round. */
interface Pool {
  readonly members: readonly number[];
  readonly places: number;
  readonly salt: number;
}

/**
 * Prepares the batches of a run: `oldShare` of each from role `old`, the rest from `field`, all from one where the other
 * is absent.
 * @throws {HubError} `bad-recipe` when nothing labelled is there to train with
 */
export function prepareBatches(recipe: Recipe, lines: readonly ManifestLine[], images: TrainingImages): Batches {
  const pools = poolsOf(recipe, lines);
  const labels = new LabelWriter(recipe, lines);
  const noise = noiseTable(createRandom(mixed(recipe.seed, 0x401)));
  const { size, pixels } = images;
  const floats = size * size * 3;
  const image = new Float32Array(recipe.batch * floats);
  const order = orderKeeper(recipe.seed);
  return {
    batchOf(step) {
      const random = createRandom(mixed(recipe.seed, step));
      const chosen = pools.flatMap((pool) => drawn(pool, step, order));
      for (const [place, member] of chosen.entries()) {
        const source = pixels.subarray(member * floats, (member + 1) * floats);
        augment(source, image.subarray(place * floats, (place + 1) * floats), size, recipe, random, noise);
      }
      return { image: tensor([recipe.batch, 3, size, size], image), ...labels.write(chosen) };
    },
  };
}

function poolsOf(recipe: Recipe, lines: readonly ManifestLine[]): readonly Pool[] {
  const labelled = [...lines.entries()].filter(
    ([, line]) => line.split === "train" && Object.keys(line.labels).length > 0,
  );
  const membersOf = (role: string) => labelled.filter(([, line]) => line.role === role).map(([index]) => index);
  const [old, field] = [membersOf("old"), membersOf("field")];
  if (old.length + field.length === 0) {
    throw new HubError(
      "bad-recipe",
      "Expected labelled training samples in the manifest, but there are none; label some first.",
    );
  }
  const oldPlaces =
    field.length === 0 ? recipe.batch : old.length === 0 ? 0 : Math.round(recipe.batch * recipe.oldShare);
  const pools = [
    { members: old, places: oldPlaces, salt: 1 },
    { members: field, places: recipe.batch - oldPlaces, salt: 2 },
  ];
  return pools.filter((pool) => pool.places > 0 && pool.members.length > 0);
}

type OrderOf = (pool: Pool, round: number) => readonly number[];

function orderKeeper(seed: number): OrderOf {
  const kept = new Map<number, { readonly round: number; readonly order: readonly number[] }>();
  return (pool, round) => {
    const last = kept.get(pool.salt);
    if (last?.round === round) return last.order;
    const order = shuffled(pool.members, createRandom(mixed(mixed(seed, pool.salt), round)));
    kept.set(pool.salt, { round, order });
    return order;
  };
}

function drawn(pool: Pool, step: number, orderOf: OrderOf): readonly number[] {
  const first = (step - 1) * pool.places;
  return Array.from({ length: pool.places }, (_, place) => {
    const at = first + place;
    return orderOf(pool, Math.floor(at / pool.members.length))[at % pool.members.length]!;
  });
}

function shuffled(members: readonly number[], random: Random): readonly number[] {
  const order = [...members];
  for (let last = order.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
}

function mixed(seed: number, salt: number): number {
  return (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(salt + 1, 0xc2b2ae35)) >>> 0;
}

/** Writes targets and weights per head: a sample without a label for a head has weight 0 there. */
class LabelWriter {
  readonly #heads: readonly {
    readonly name: string;
    readonly classes: number;
    readonly indices: Int32Array;
    readonly targets: Float32Array;
    readonly weights: Float32Array;
  }[];
  readonly #lines: readonly ManifestLine[];

  constructor(recipe: Recipe, lines: readonly ManifestLine[]) {
    this.#lines = lines;
    this.#heads = recipe.heads.map(({ name, classes }) => ({
      name,
      classes: classes.length,
      indices: Int32Array.from(lines, (line) => classIndex(line, name, classes)),
      targets: new Float32Array(recipe.batch * classes.length),
      weights: new Float32Array(recipe.batch),
    }));
  }

  write(chosen: readonly number[]): Readonly<Record<string, Tensor>> {
    return Object.fromEntries(
      this.#heads.flatMap(({ name, classes, indices, targets, weights }) => {
        targets.fill(0);
        for (const [place, member] of chosen.entries()) {
          const index = indices[member]!;
          weights[place] = index < 0 ? 0 : (this.#lines[member]!.weight ?? 1);
          if (index >= 0) targets[place * classes + index] = 1;
        }
        return [
          [`labels.${name}`, tensor([chosen.length, classes], targets)],
          [`weights.${name}`, tensor([chosen.length], weights)],
        ];
      }),
    );
  }
}

/** The class of a line for a head, −1 without one. @throws {HubError} `unknown-label` */
export function classIndex(line: ManifestLine, head: string, classes: readonly string[]): number {
  const label = line.labels[head];
  if (label === undefined) return -1;
  const index = classes.indexOf(label);
  if (index >= 0) return index;
  throw new HubError(
    "unknown-label",
    `Sample ${line.sample ?? line.path ?? line.blob} is labelled "${label}", which head "${head}" does not have; add the class to the recipe or correct the label.`,
  );
}

function tensor(shape: readonly number[], data: Float32Array): Tensor {
  return { dtype: "float32", shape, data };
}
