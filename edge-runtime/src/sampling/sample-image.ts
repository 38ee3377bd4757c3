import { inlineImageBytes, type SampleBody } from "@fieldloop/devices";
import sharp, { type Sharp } from "sharp";
import { encodePng, imageEncoding, imageLimits, type RawImage } from "../operators/index.ts";

const qualities = [90, 75, 50] as const;
const smallestSide = 64;

/**
 * The image of a sample, at most 128 KiB: encoded images as they came and raw RGB as PNG where that fits, else a JPEG,
 * first of falling quality, then of half the size again and again, marked lossy.
 */
export async function sampleImage(image: Uint8Array | RawImage): Promise<SampleBody["image"]> {
  const lossless = image instanceof Uint8Array ? await asItCame(image) : await asPng(image);
  return lossless.bytes.byteLength <= inlineImageBytes ? lossless : asSmallJpeg(image);
}

async function asItCame(bytes: Uint8Array): Promise<SampleBody["image"]> {
  const { width, height } = await sharp(bytes, { limitInputPixels: imageLimits.pixels }).metadata();
  return { encoding: imageEncoding(bytes) ?? "png", width, height, lossy: false, bytes };
}

async function asPng(image: RawImage): Promise<SampleBody["image"]> {
  const { width, height } = image;
  return { encoding: "png", width, height, lossy: false, bytes: await encodePng(image) };
}

async function asSmallJpeg(image: Uint8Array | RawImage): Promise<SampleBody["image"]> {
  let pipeline = opened(image).autoOrient().removeAlpha();
  let side = Number.POSITIVE_INFINITY;
  for (;;) {
    for (const quality of qualities) {
      const { data, info } = await pipeline.clone().jpeg({ quality }).toBuffer({ resolveWithObject: true });
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      const { width, height } = info;
      if (bytes.byteLength <= inlineImageBytes) return { encoding: "jpeg", width, height, lossy: true, bytes };
      side = Math.max(smallestSide, Math.ceil(Math.max(width, height) / 2));
    }
    pipeline = opened(image).autoOrient().removeAlpha().resize(side, side, { fit: "inside" });
  }
}

function opened(image: Uint8Array | RawImage): Sharp {
  if (image instanceof Uint8Array) return sharp(image, { limitInputPixels: imageLimits.pixels, failOn: "warning" });
  return sharp(image.data, { raw: { width: image.width, height: image.height, channels: 3 } });
}
