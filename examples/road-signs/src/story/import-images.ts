import type { ImportItem } from "@fieldloop/cloud-hub";
import { encodePng } from "@fieldloop/edge-runtime/operators";
import type { Image, RoadSignData, Track } from "../dataset/road-sign-data.ts";

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
      context: { set: `old-${split}`, luma: Math.round(image.luma) },
    })),
  );
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
