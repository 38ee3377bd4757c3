import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

/** One labelled image: 32 × 32 RGB bytes, its sign, the category of that sign, its track and its mean luma, 0–255. */
export interface SignImage {
  readonly pixels: Uint8Array;
  readonly sign: number;
  readonly category: number;
  readonly track: string;
  readonly luma: number;
}

/** The parts of the road signs that evaluation.md names. */
export interface SignParts {
  readonly oldTrain: readonly SignImage[];
  readonly oldValidation: readonly SignImage[];
  readonly field: readonly SignImage[];
  readonly oldTest: readonly SignImage[];
  readonly fieldTest: readonly SignImage[];
}

const bytesPerImage = 32 * 32 * 3;
const imageHeaderBytes = 20;
const prohibitions = new Set([0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 15, 16, 17]);
const dangers = new Set([11, ...Array.from({ length: 14 }, (_, index) => 18 + index)]);
const mandatory = new Set(Array.from({ length: 8 }, (_, index) => 33 + index));

/** Reads the road signs, split by the mean luma of tracks (test: of images) as evaluation.md says. */
export function readSigns(dir: string): SignParts {
  const rows = readFileSync(join(dir, "meta.csv"), "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(","));
  const train = readSplit(dir, "train", rows);
  const tracks = Map.groupBy(train, ({ track }) => track);
  const meanLuma = (track: string) => mean(tracks.get(track)!.map(({ luma }) => luma));
  const isValidation = (track: string) => createHash("sha256").update(track).digest().readUInt32BE(0) % 7 === 0;
  const of = (accept: (track: string) => boolean) =>
    [...tracks.keys()].filter(accept).flatMap((track) => tracks.get(track)!);
  const test = readSplit(dir, "test", rows);
  return {
    oldTrain: of((track) => meanLuma(track) >= 80 && !isValidation(track)),
    oldValidation: of((track) => meanLuma(track) >= 80 && isValidation(track)),
    field: of((track) => meanLuma(track) < 40),
    oldTest: test.filter(({ luma }) => luma >= 80),
    fieldTest: test.filter(({ luma }) => luma < 40),
  };
}

function readSplit(dir: string, split: string, rows: readonly string[][]) {
  const images = gunzipSync(readFileSync(join(dir, `${split}-images-idx4-ubyte.gz`)));
  return rows
    .filter((row) => row[1] === split)
    .map(([index, , label, track, , , , luma]) => {
      const start = imageHeaderBytes + Number(index) * bytesPerImage;
      const sign = Number(label);
      const pixels = new Uint8Array(images.subarray(start, start + bytesPerImage));
      return { pixels, sign, category: categoryOf(sign), luma: Number(luma), track: track! };
    });
}

function categoryOf(sign: number): number {
  if (prohibitions.has(sign)) return 0;
  if (dangers.has(sign)) return 1;
  return mandatory.has(sign) ? 2 : 3;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
