import { open } from "node:fs/promises";
import sharp, { type Metadata } from "sharp";
import { ExampleError } from "../errors.ts";

/** Side of every image the example learns from, in pixels. */
export const imageSide = 32;

const mostPixels = 24_000_000;
const largestBytes = 32 * 1024 * 1024;
const formats = ["jpeg", "png", "webp"];

/**
 * Decodes a JPEG, PNG or WebP file to 32×32 RGB bytes, reading at most 32 MiB and 24 million pixels.
 * @throws {ExampleError} `image-too-large` or `image-unreadable`, naming the file
 */
export async function decodeImageFile(path: string): Promise<Uint8Array> {
  const encoded = await readBounded(path);
  const { width, height, format } = await metadataOf(encoded, path);
  if (!formats.includes(format)) throw unreadable(path, `it is ${format}`);
  if (width * height > mostPixels) throw tooLarge(path, `${mostPixels} pixels`, `${width} × ${height}`);
  return decode(encoded, path);
}

async function readBounded(path: string): Promise<Buffer> {
  const file = await open(path).catch((cause: unknown) => {
    throw unreadable(path, "it cannot be opened", cause);
  });
  try {
    const { size } = await file.stat();
    if (size > largestBytes) throw tooLarge(path, `${largestBytes} bytes`, `${size}`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

async function metadataOf(encoded: Buffer, path: string): Promise<Metadata> {
  return sharp(encoded, { limitInputPixels: false })
    .metadata()
    .catch((cause: Error) => {
      throw unreadable(path, cause.message.split("\n")[0]!, cause);
    });
}

async function decode(encoded: Buffer, path: string): Promise<Uint8Array> {
  const bounded = sharp(encoded, { limitInputPixels: mostPixels, failOn: "warning" });
  const rgb = bounded.toColourspace("srgb").flatten().resize(imageSide, imageSide, { fit: "fill", kernel: "linear" });
  const bytes = await rgb
    .raw()
    .toBuffer()
    .catch((cause: Error) => {
      throw unreadable(path, cause.message.split("\n")[0]!, cause);
    });
  return new Uint8Array(bytes);
}

function unreadable(path: string, found: string, cause?: unknown): ExampleError {
  return new ExampleError(
    "image-unreadable",
    `Expected a whole JPEG, PNG or WebP image at ${path}, but ${found}; replace or remove it.`,
    cause,
  );
}

function tooLarge(path: string, most: string, found: string): ExampleError {
  return new ExampleError(
    "image-too-large",
    `Expected at most ${most} in ${path}, found ${found}; scale it down or remove it.`,
  );
}
