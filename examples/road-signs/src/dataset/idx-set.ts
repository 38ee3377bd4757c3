import { basename, resolve } from "node:path";
import { ExampleError } from "../errors.ts";
import { refuseTooFew, splitTestsByBrightness, splitTracksByBrightness } from "./brightness-split.ts";
import { readIdxFile } from "./idx-file.ts";
import { type MetaRow, readMetaTable } from "./meta-table.ts";
import { type Image, type RoadSignData, type Track, trackOf } from "./road-sign-data.ts";
import { readSignClasses, type SignClasses } from "./sign-categories.ts";
import { trackId } from "./track-hash.ts";

const side = 32;
const mostImagesPerSplit = 200_000;

/**
 * Opens an IDX set with meta.csv and classes.json (32×32 RGB, splits `train` with tracks and `test` without).
 * Old and field follow the mean_luma column: tracks by its mean over frames, test images one by one.
 * @throws {ExampleError} when a file is absent, cut, or disagrees with meta.csv, and when one light is hardly there
 */
export async function openIdxSet(dir: string): Promise<RoadSignData> {
  const name = basename(resolve(dir));
  const [classes, rows] = await Promise.all([readSignClasses(dir), readMetaTable(dir)]);
  const train = await readSplit(dir, "train", rows, classes);
  const test = await readSplit(dir, "test", rows, classes);
  const data: RoadSignData = {
    name,
    classes: { sign: classes.sign, category: classes.category },
    categoryOf: (sign) => classes.categoryOfSign[sign]!,
    ...splitTracksByBrightness(tracksOf(name, train)),
    tests: splitTestsByBrightness(test.map(({ image }) => image)),
  };
  return refuseTooFew(data, dir);
}

interface LabelledRow {
  readonly row: MetaRow;
  readonly image: Image;
}

async function readSplit(
  dir: string,
  split: MetaRow["split"],
  table: readonly MetaRow[],
  classes: SignClasses,
): Promise<readonly LabelledRow[]> {
  const rows = table.filter((row) => row.split === split);
  if (rows.length > mostImagesPerSplit)
    throw new ExampleError(
      "idx-too-large",
      `Expected at most ${mostImagesPerSplit} ${split} images in ${dir}, found ${rows.length}; use fewer.`,
    );
  const images = await readIdxFile(dir, `${split}-images-idx4-ubyte`, [rows.length, side, side, 3]);
  const labels = await readIdxFile(dir, `${split}-labels-idx1-ubyte`, [rows.length]);
  return rows.map((row, at) => {
    checkLabel(row, labels.data[at]!, classes.sign.length, dir);
    const pixels = images.data.subarray(at * side * side * 3, (at + 1) * side * side * 3);
    const category = classes.categoryOfSign[row.label]!;
    return { row, image: { pixels, width: side, height: side, sign: row.label, category, luma: row.luma } };
  });
}

function checkLabel({ split, index, label }: MetaRow, stored: number, classCount: number, dir: string): void {
  if (label !== stored)
    throw new ExampleError(
      "meta-mismatch",
      `Expected meta.csv and the ${split} labels in ${dir} to agree, but image ${index} is ${label} in one and ${stored} in the other; use files of one set.`,
    );
  if (!Number.isInteger(label) || label < 0 || label >= classCount)
    throw new ExampleError(
      "label-unknown",
      `Expected a label from 0 to ${classCount - 1}, as classes.json in ${dir} names, but ${split} image ${index} is labelled ${label}; name it there or remove it.`,
    );
}

function tracksOf(dataset: string, rows: readonly LabelledRow[]): readonly Track[] {
  const byTrack = Map.groupBy(rows, ({ row }) => row.track);
  return [...byTrack].map(([name, members]) => {
    const frames = members.toSorted((a, b) => a.row.frame - b.row.frame).map(({ image }) => image);
    const stranger = frames.find(({ sign }) => sign !== frames[0]!.sign);
    if (stranger !== undefined)
      throw new ExampleError(
        "meta-mismatch",
        `Expected one sign per track in meta.csv, but track ${name} is labelled ${frames[0]!.sign} and ${stranger.sign}; split the track.`,
      );
    return trackOf(trackId(dataset, name), frames);
  });
}
