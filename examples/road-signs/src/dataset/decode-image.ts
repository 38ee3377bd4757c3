import { readFile, stat } from "node:fs/promises";
import type { ImageDecoder } from "@fieldloop/edge-runtime/operators";
import { imageLimits } from "@fieldloop/edge-runtime/operators";
import { ExampleError } from "../errors.ts";

/** Side of every image the example learns from, in pixels. */
export const imageSide = 32;

const toSide = { operator: "resize-rgb", version: 1, width: imageSide, height: imageSide } as const;

/**
 * Decodes a JPEG, PNG or WebP file to 32×32 RGB bytes by the operator that devices use, in the decoder's bounded process.
 * @throws {ExampleError} `image-too-large` or `image-unreadable`, naming the file
 */
export async function decodeImageFile(decoder: ImageDecoder, path: string): Promise<Uint8Array> {
  const encoded = await readBounded(path);
  const image = await decoder.decode(encoded, toSide).catch((cause: unknown) => {
    throw refusal(path, cause);
  });
  return image.data;
}

async function readBounded(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size <= imageLimits.inputBytes) return await readFile(path);
  } catch (cause) {
    throw refusal(path, cause);
  }
  throw new ExampleError(
    "image-too-large",
    `Expected at most ${imageLimits.inputBytes} bytes in ${path}, found more; scale the image down or remove it.`,
  );
}

function refusal(path: string, cause: unknown): ExampleError {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === "image-too-large")
    return new ExampleError("image-too-large", `Cannot use ${path}: ${message} Or remove the file.`, cause);
  return new ExampleError(
    "image-unreadable",
    `Expected a whole JPEG, PNG or WebP image at ${path}, but: ${message} Replace or remove the file.`,
    cause,
  );
}
