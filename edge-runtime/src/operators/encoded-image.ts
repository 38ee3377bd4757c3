import sharp, { type Sharp } from "sharp";
import { EdgeRuntimeError } from "../errors.ts";
import { checkRawImage, type RawImage } from "./raw-image.ts";

/** What an encoded image may be at most, wherever fieldloop decodes one. */
export const imageLimits = { inputBytes: 16 * 1024 * 1024, pixels: 24_000_000, seconds: 10 } as const;

sharp.concurrency(1);
sharp.cache(false);

/** The encodings that fieldloop reads. */
export type ImageEncoding = "png" | "jpeg" | "webp";

/** Tells an image's encoding by its first bytes, undefined when it is none that fieldloop reads. */
export function imageEncoding(bytes: Uint8Array): ImageEncoding | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 16)).toString("latin1");
  if (head.startsWith("\x89PNG\r\n\x1a\n")) return "png";
  if (head.startsWith("\xff\xd8\xff")) return "jpeg";
  if (head.startsWith("RIFF") && head.slice(8, 12) === "WEBP") return "webp";
  return undefined;
}

/**
 * Opens an encoded image under fieldloop's limits, as seen by a person: oriented, 8-bit sRGB, without alpha.
 * @throws {EdgeRuntimeError} `image-too-large`, `image-unsupported`
 */
export function openEncodedImage(bytes: Uint8Array): Sharp {
  if (bytes.byteLength > imageLimits.inputBytes) {
    throw new EdgeRuntimeError(
      "image-too-large",
      `An encoded image may have ${imageLimits.inputBytes} bytes, this one has ${bytes.byteLength}; send a smaller one.`,
    );
  }
  if (imageEncoding(bytes) === undefined) {
    throw new EdgeRuntimeError(
      "image-unsupported",
      "Expected a PNG, JPEG or WebP image; these bytes start like none of them.",
    );
  }
  return sharp(bytes, { limitInputPixels: imageLimits.pixels, failOn: "warning", unlimited: false })
    .timeout({ seconds: imageLimits.seconds })
    .autoOrient();
}

/**
 * Ends a sharp pipeline in raw RGB.
 * @throws {EdgeRuntimeError} `image-too-large`, `image-unreadable`
 */
export async function toRawImage(pipeline: Sharp): Promise<RawImage> {
  try {
    const { data, info } = await pipeline
      .removeAlpha()
      .toColourspace("srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    const image = {
      data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      width: info.width,
      height: info.height,
    };
    checkRawImage(image);
    return image;
  } catch (cause) {
    if (cause instanceof EdgeRuntimeError) throw cause;
    const sentence = String(cause instanceof Error ? cause.message : cause)
      .replaceAll(/\s+/g, " ")
      .trim();
    if (/pixel limit/.test(sentence)) {
      throw new EdgeRuntimeError(
        "image-too-large",
        `An image may have ${imageLimits.pixels} pixels, this one has more; send a smaller one.`,
        { cause },
      );
    }
    throw new EdgeRuntimeError("image-unreadable", `The image does not decode: ${sentence}.`, { cause });
  }
}

/**
 * Decodes a PNG, JPEG or WebP image to raw RGB in this process; for images of strangers use an image decoder.
 * @throws {EdgeRuntimeError} `image-too-large`, `image-unsupported`, `image-unreadable`
 */
export async function decodeImage(bytes: Uint8Array): Promise<RawImage> {
  return toRawImage(openEncodedImage(bytes));
}

/** Encodes raw RGB losslessly as PNG. */
export async function encodePng(image: RawImage): Promise<Uint8Array> {
  checkRawImage(image);
  const { data, width, height } = image;
  const png = await sharp(data, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 6 })
    .toBuffer();
  return new Uint8Array(png.buffer, png.byteOffset, png.byteLength);
}
