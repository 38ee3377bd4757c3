import { EdgeRuntimeError } from "../errors.ts";

/** Pixels as rows of RGB bytes (HWC, uint8): `data.length` is width × height × 3. */
export interface RawImage {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/**
 * Checks that an image's bytes fit its size.
 * @throws {EdgeRuntimeError} `image-unreadable`
 */
export function checkRawImage({ data, width, height }: RawImage): void {
  const sizes = [width, height].every((size) => Number.isSafeInteger(size) && size > 0);
  if (!sizes || data.length !== width * height * 3) {
    throw new EdgeRuntimeError(
      "image-unreadable",
      `A raw RGB image of ${width} × ${height} needs ${width * height * 3} bytes, got ${data.length}.`,
    );
  }
}

/** The mean luma of an image, 0–255 (ITU-R BT.601 weights). */
export function meanLuma({ data, width, height }: RawImage): number {
  let sum = 0;
  for (let i = 0; i + 2 < data.length; i += 3) {
    sum += 299 * (data[i] as number) + 587 * (data[i + 1] as number) + 114 * (data[i + 2] as number);
  }
  return sum / 1000 / (width * height);
}
