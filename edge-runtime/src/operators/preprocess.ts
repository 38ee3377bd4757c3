import type { PreprocessSpec } from "@fieldloop/devices";
import sharp, { type Sharp } from "sharp";
import { EdgeRuntimeError } from "../errors.ts";
import { imageLimits, openEncodedImage, toRawImage } from "./encoded-image.ts";
import { checkRawImage, type RawImage } from "./raw-image.ts";

/**
 * Brings an image to the size a model expects: the one operator that training, calibration, evaluation and devices share.
 * image: PNG, JPEG or WebP bytes, or raw RGB · raw RGB of the exact size passes through untouched, everything else is
 * stretched to `width` × `height` with linear interpolation (`resize-rgb` version 1, libvips)
 * @throws {EdgeRuntimeError} `bad-preprocess`, `image-too-large`, `image-unsupported`, `image-unreadable`
 */
export async function preprocess(spec: PreprocessSpec, image: Uint8Array | RawImage): Promise<RawImage> {
  checkSpec(spec);
  const { width, height } = spec;
  if (image instanceof Uint8Array) return toRawImage(stretched(openEncodedImage(image), width, height));
  checkRawImage(image);
  if (image.width === width && image.height === height) return image;
  if (image.width * image.height > imageLimits.pixels) {
    throw new EdgeRuntimeError(
      "image-too-large",
      `A raw image may have ${imageLimits.pixels} pixels, this one has ${image.width * image.height}.`,
    );
  }
  const raw = sharp(image.data, { raw: { width: image.width, height: image.height, channels: 3 } });
  return toRawImage(stretched(raw, width, height));
}

function stretched(pipeline: Sharp, width: number, height: number): Sharp {
  return pipeline.resize(width, height, { fit: "fill", kernel: "linear", fastShrinkOnLoad: false });
}

function checkSpec(spec: PreprocessSpec): void {
  if (spec.operator !== "resize-rgb" || spec.version !== 1) {
    throw new EdgeRuntimeError(
      "bad-preprocess",
      `Preprocessing "${spec.operator}" version ${spec.version} is unknown here; this runtime has resize-rgb version 1.`,
    );
  }
}
