import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, extname, join, relative } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { preprocess, type RawImage } from "@fieldloop/edge-runtime/operators";
import { CompilerError } from "../errors.ts";

/** One image from a folder or file, brought to the model's size. */
export interface SourceImage {
  readonly image: RawImage;
  /** The path below the folder, or the place in the file. */
  readonly name: string;
  /** The folder that holds it, or its own name where it lies at the top. */
  readonly folder: string;
}

/** What images are wanted: their size, and how many at most (spread evenly over what is there). */
export interface ImageWish {
  readonly width: number;
  readonly height: number;
  readonly limit?: number;
}

const gunzipAsync = promisify(gunzip);
const largestFileBytes = 2 ** 31 - 1;
const imageEndings = new Set([".png", ".jpg", ".jpeg", ".webp"]);

/**
 * Reads images from a folder of PNG, JPEG or WebP files (subfolders too), or from an IDX file of N × H × W × 3 bytes
 * (gzip or not), preprocessed as a device does; order is by name.
 * @throws {CompilerError} `unreadable-input`
 */
export async function readImages(path: string, wish: ImageWish): Promise<readonly SourceImage[]> {
  const found = await stat(path).catch((cause: unknown) => {
    throw unreadable(
      `Expected images at ${path}, but it cannot be read; name a folder of images or an IDX file.`,
      cause,
    );
  });
  const images = found.isDirectory() ? await folderImages(path, wish) : await idxImages(path, wish);
  if (images.length > 0) return images;
  throw unreadable(
    `Expected images at ${path}, found none; name a folder with .png, .jpg or .webp files, or an IDX file.`,
  );
}

/**
 * Reads labels from an IDX file of N bytes, as many as there are images.
 * @throws {CompilerError} `unreadable-input`
 */
export async function readLabels(path: string): Promise<Uint8Array> {
  return (await readIdx(path, 1)).data;
}

async function folderImages(dir: string, wish: ImageWish): Promise<SourceImage[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && imageEndings.has(extname(entry.name).toLowerCase()))
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)))
    .sort();
  const images: SourceImage[] = [];
  for (const name of spread(paths, wish.limit)) {
    const image = await preprocess(specOf(wish), await readFile(join(dir, name))).catch((cause: unknown) => {
      throw unreadable(`Expected an image at ${join(dir, name)}: ${sentenceOf(cause)}`, cause);
    });
    images.push({ image, name, folder: dirname(name) === "." ? name : dirname(name) });
  }
  return images;
}

async function idxImages(path: string, wish: ImageWish): Promise<SourceImage[]> {
  const { dimensions, data } = await readIdx(path, 4);
  const [count, height, width, channels] = dimensions as [number, number, number, number];
  if (channels !== 3) throw unreadable(`Expected RGB images in ${path}, found ${channels} channels; convert them.`);
  const size = width * height * 3;
  const places = spread(
    Array.from({ length: count }, (_, place) => place),
    wish.limit,
  );
  return Promise.all(
    places.map(async (place) => {
      const raw = { data: data.subarray(place * size, (place + 1) * size), width, height };
      const name = String(place);
      return { image: await preprocess(specOf(wish), raw), name, folder: name };
    }),
  );
}

interface Idx {
  readonly dimensions: readonly number[];
  readonly data: Uint8Array;
}

/** IDX: 0 0 8 RANK, a big-endian uint32 per dimension, then bytes (yann.lecun.com/exdb/mnist). */
async function readIdx(path: string, rank: number): Promise<Idx> {
  const bytes = await unpacked(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = 4 + 4 * rank;
  if (bytes.length < header || view.getUint32(0) !== 0x0800 + rank) {
    throw unreadable(
      `Expected an IDX file of bytes with ${rank} dimensions at ${path}, but its header differs; check the file.`,
    );
  }
  const dimensions = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const expected = dimensions.reduce((product, size) => product * size, 1);
  if (bytes.length - header === expected) return { dimensions, data: bytes.subarray(header) };
  throw unreadable(
    `Expected ${dimensions.join(" × ")} bytes in ${path}, found ${bytes.length - header}: the file is cut or too long; copy it again.`,
  );
}

async function unpacked(path: string): Promise<Uint8Array> {
  try {
    const stored = await readFile(path);
    return path.endsWith(".gz") ? await gunzipAsync(stored, { maxOutputLength: largestFileBytes }) : stored;
  } catch (cause) {
    throw unreadable(`Expected an IDX file at ${path}: ${sentenceOf(cause)}`, cause);
  }
}

function spread<T>(items: readonly T[], limit = items.length): readonly T[] {
  if (items.length <= limit) return items;
  return Array.from({ length: limit }, (_, index) => items[Math.floor((index * items.length) / limit)]!);
}

function specOf({ width, height }: ImageWish) {
  return { operator: "resize-rgb", version: 1, width, height } as const;
}

function unreadable(message: string, cause?: unknown): CompilerError {
  return new CompilerError("unreadable-input", message, { cause });
}

function sentenceOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
