import type { ImportItem } from "@fieldloop/cloud-hub";
import { encodePng } from "@fieldloop/edge-runtime/operators";
import type { Image, RoadSignData, Track } from "../dataset/road-sign-data.ts";
import type { Random } from "../world/random.ts";

/** Frames of labelled tracks as items to import; a key names a frame for good. */
export async function itemsOfTracks(
  data: RoadSignData,
  tracks: readonly Track[],
  split: "train" | "val",
): Promise<ImportItem[]> {
  const frames = tracks.flatMap(({ id, frames }) => frames.map((image, index) => ({ id, image, index })));
  return Promise.all(
    frames.map(async ({ id, image, index }) => ({
      ...(await item(data, image)),
      key: `${data.name}/${id}/${index}`,
      track: id,
      split,
      context: { set: oldSet(split).set, luma: Math.round(image.luma) },
    })),
  );
}

/** The query of the bright tracks of a split. */
export const oldSet = <Split extends "train" | "val">(split: Split) => ({
  source: "import" as const,
  split,
  set: `old-${split}`,
});

/** The query of the tracks whose labels were shuffled on purpose. */
export const shuffledSet = { source: "import" as const, split: "train" as const, set: "shuffled" };

/** Frames of tracks whose labels changed places by chance. */
export async function itemsOfShuffled(
  data: RoadSignData,
  tracks: readonly Track[],
  random: Random,
): Promise<ImportItem[]> {
  const items = await itemsOfTracks(data, tracks, "train");
  const labels = random.shuffled(tracks.map(({ id }) => items.find(({ track }) => track === id)?.labels));
  const labelsOf = new Map(tracks.map(({ id }, index) => [id, labels[index]]));
  return items.map((item) => ({
    ...item,
    key: `shuffled/${item.key}`,
    labels: labelsOf.get(item.track ?? "") ?? {},
    context: { ...item.context, set: shuffledSet.set },
  }));
}

/** Single test images as items to import, under the name of their set. */
export async function itemsOfTest(data: RoadSignData, images: readonly Image[], set: TestSet): Promise<ImportItem[]> {
  return Promise.all(
    images.map(async (image, index) => ({
      ...(await item(data, image)),
      key: `${data.name}/${set}/${index}`,
      split: "test" as const,
      context: { set, index, luma: Math.round(image.luma) },
    })),
  );
}

/** The two test sets, which are read once, after the gate. */
export type TestSet = "old-test" | "field-test";

async function item({ classes }: RoadSignData, image: Image): Promise<Pick<ImportItem, "image" | "labels">> {
  const { pixels, width, height, sign, category } = image;
  return {
    image: await encodePng({ data: pixels, width, height }),
    labels: { sign: classes.sign[sign] ?? "", category: classes.category[category] ?? "" },
  };
}
