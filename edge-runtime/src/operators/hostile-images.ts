import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";

/** An image that must be refused, and the code it must be refused with. */
export interface HostileImage {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly code: string;
}

/** Images made to hurt whoever decodes them: bombs, cut and bent files, other formats, liars. */
export async function hostileImages(): Promise<readonly HostileImage[]> {
  const raw = { width: 64, height: 64, channels: 3 } as const;
  const pixels = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 2_654_435_761) >>> 24);
  const jpeg = await sharp(pixels, { raw }).jpeg().toBuffer();
  const png = await sharp(pixels, { raw }).png().toBuffer();
  const webp = await sharp(pixels, { raw }).webp({ lossless: true }).toBuffer();
  const cut = (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1);
  const bent = Buffer.from(png);
  bent.fill(0xa5, png.length >> 1, (png.length >> 1) + 16);
  return [
    { name: "a PNG of 20,000 × 20,000 pixels", bytes: pngBomb(20_000, 20_000), code: "image-too-large" },
    { name: "a PNG that announces 2³¹−1 columns", bytes: pngBomb(2 ** 31 - 1, 1, 1), code: "image-unreadable" },
    {
      name: "a PNG of 4,000 × 4,000 pixels with one row of data",
      bytes: pngBomb(4000, 4000, 1),
      code: "image-unreadable",
    },
    { name: "a JPEG cut in half", bytes: cut(jpeg), code: "image-unreadable" },
    { name: "a PNG cut in half", bytes: cut(png), code: "image-unreadable" },
    { name: "a WebP cut in half", bytes: cut(webp), code: "image-unreadable" },
    { name: "a PNG with bent bytes", bytes: bent, code: "image-unreadable" },
    { name: "a PNG signature alone", bytes: png.subarray(0, 8), code: "image-unreadable" },
    {
      name: "an SVG",
      bytes: Buffer.from("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"),
      code: "image-unsupported",
    },
    { name: "a GIF", bytes: await sharp(pixels, { raw }).gif().toBuffer(), code: "image-unsupported" },
    { name: "a TIFF", bytes: await sharp(pixels, { raw }).tiff().toBuffer(), code: "image-unsupported" },
    { name: "no bytes", bytes: new Uint8Array(0), code: "image-unsupported" },
    { name: "17 MiB of anything", bytes: new Uint8Array(17 * 1024 * 1024), code: "image-too-large" },
  ];
}

/** A grey PNG whose header announces `width` × `height` while its data holds `rows` rows, well packed. */
function pngBomb(width: number, height: number, rows = height): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([1, 0, 0, 0, 0], 8);
  const rowBytes = 1 + Math.ceil(Math.min(width, 20_000) / 8);
  const data = deflateSync(Buffer.alloc(rowBytes * rows));
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", data), chunk("IEND", Buffer.alloc(0))]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}
