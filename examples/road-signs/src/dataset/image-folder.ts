import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { basename, extname, join, resolve } from "node:path";
import { startImageDecoder } from "@fieldloop/edge-runtime/operators";
import { ExampleError } from "../errors.ts";
import { brightFrom, darkBelow, refuseTooFew, splitTracksByBrightness } from "./brightness-split.ts";
import { decodeImageFile, imageSide } from "./decode-image.ts";
import { type Image, meanLuma, type RoadSignData, type Track, trackOf } from "./road-sign-data.ts";
import { categoryNames, categoryOfName } from "./sign-categories.ts";
import { splitByHash, trackId } from "./track-hash.ts";

const extensions = [".jpg", ".jpeg", ".png", ".webp"];
const mostImages = 100_000;
const testShare = 0.25;

/** A folder of one class and the image files in it, both in name order. */
interface ClassFolder {
  readonly name: string;
  readonly files: readonly string[];
}

/** Tells whether `dir` holds at least two subfolders with images: one folder per class. */
export async function isImageFolder(dir: string): Promise<boolean> {
  return (await classFolders(dir)).length >= 2;
}

/**
 * Opens one folder of images per class. No track is known, so every image is its own; equal images count once.
 * A quarter of each light, by hash, is test; categories follow the folder's name where it is a known sign's, else "other".
 * @throws {ExampleError} naming the file that is unreadable or huge, and when one light is hardly there
 */
export async function openImageFolder(dir: string): Promise<RoadSignData> {
  const name = basename(resolve(dir));
  const folders = await classFolders(dir);
  const signs = folders.map((folder) => folder.name);
  const tracks = await readTracks(dir, name, folders);
  const { taken, left } = splitByHash(tracks, { purpose: "test", share: testShare });
  const tests = taken.map(({ frames }) => frames[0]!);
  const data: RoadSignData = {
    name,
    classes: { sign: signs, category: categoryNames },
    categoryOf: (sign) => categoryOfName(signs[sign]!),
    ...splitTracksByBrightness(left),
    tests: { old: tests.filter(({ luma }) => luma >= brightFrom), field: tests.filter(({ luma }) => luma < darkBelow) },
  };
  return refuseTooFew(data, dir);
}

async function classFolders(dir: string): Promise<readonly ClassFolder[]> {
  const entries = await readdir(dir, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith(".")).map(({ name }) => name);
  const folders = names.sort().map(async (name) => ({ name, files: await imageFiles(join(dir, name)) }));
  return (await Promise.all(folders)).filter(({ files }) => files.length > 0);
}

async function imageFiles(dir: string): Promise<readonly string[]> {
  const entries = await readdir(dir, { withFileTypes: true });
  const isImage = (file: string): boolean => !file.startsWith(".") && extensions.includes(extname(file).toLowerCase());
  return entries
    .filter((entry) => entry.isFile() && isImage(entry.name))
    .map(({ name }) => name)
    .sort();
}

async function readTracks(dir: string, dataset: string, folders: readonly ClassFolder[]): Promise<readonly Track[]> {
  const files = folders.flatMap(({ name, files }, sign) =>
    files.map((file) => ({ path: join(dir, name, file), sign })),
  );
  if (files.length > mostImages)
    throw new ExampleError(
      "too-many-images",
      `Expected at most ${mostImages} images in ${dir}, found ${files.length}; use a part of them.`,
    );
  const categories = folders.map(({ name }) => categoryOfName(name));
  const tracks = new Map<string, Track>();
  const decoder = startImageDecoder();
  try {
    for (const { path, sign } of files) {
      const pixels = await decodeImageFile(decoder, path);
      const id = trackId(dataset, createHash("sha256").update(pixels).digest("hex"));
      if (!tracks.has(id)) tracks.set(id, trackOf(id, [imageOf(pixels, sign, categories[sign]!)]));
    }
  } finally {
    await decoder.close();
  }
  return [...tracks.values()];
}

function imageOf(pixels: Uint8Array, sign: number, category: number): Image {
  return { pixels, width: imageSide, height: imageSide, sign, category, luma: meanLuma(pixels) };
}
