import { digestOf } from "@fieldloop/devices";
import type { Tensor } from "@fieldloop/edge-runtime/engine";
import type { RawImage } from "@fieldloop/edge-runtime/operators";
import { CompilerError } from "../errors.ts";
import type { Dimension } from "../graph/graph.ts";

/** Names an image by its pixels, so that calibration and evaluation can be told apart. */
export function imageDigest(image: RawImage): string {
  return digestOf(image.data);
}

/**
 * Gathers images into uint8 batches [≤ batchSize, H, W, 3].
 * @throws {CompilerError} `shape-mismatch` where an image has another size than the model's input or than its bytes
 */
export async function* imageBatches(
  images: Iterable<RawImage> | AsyncIterable<RawImage>,
  inputShape: readonly Dimension[],
  batchSize = 32,
): AsyncGenerator<{ readonly tensor: Tensor; readonly members: readonly RawImage[] }> {
  let members: RawImage[] = [];
  for await (const image of images) {
    expectSize(image, inputShape);
    members.push(image);
    if (members.length === batchSize) {
      yield { tensor: batchOf(members), members };
      members = [];
    }
  }
  if (members.length > 0) yield { tensor: batchOf(members), members };
}

/** Stacks images of one size: uint8 [N, H, W, 3]. */
export function batchOf(images: readonly RawImage[]): Tensor {
  const { width, height } = images[0]!;
  const data = new Uint8Array(images.length * width * height * 3);
  images.forEach((image, index) => {
    data.set(image.data, index * width * height * 3);
  });
  return { dtype: "uint8", shape: [images.length, height, width, 3], data };
}

function expectSize({ data, width, height }: RawImage, shape: readonly Dimension[]): void {
  const [, rows, columns] = shape;
  const fitsRows = typeof rows !== "number" || rows === height;
  const fitsColumns = typeof columns !== "number" || columns === width;
  if (fitsRows && fitsColumns && data.length === width * height * 3) return;
  throw new CompilerError(
    "shape-mismatch",
    `Expected raw RGB images of ${columns}×${rows}, found one of ${width}×${height} with ${data.length} bytes; resize images as the release's preprocessing does.`,
  );
}
