import type { PreprocessSpec } from "@fieldloop/devices";
import sharp from "sharp";
import { serveRequests } from "../engine/child-requests.ts";
import { decodeImage } from "./encoded-image.ts";
import { preprocess } from "./preprocess.ts";

// The program of an image decoder's process: nothing but the three loaders that fieldloop reads can run in it.

sharp.block({ operation: ["VipsForeignLoad"] });
sharp.unblock({
  operation: ["VipsForeignLoadPngBuffer", "VipsForeignLoadJpegBuffer", "VipsForeignLoadWebpBuffer"],
});

serveRequests(Number(process.argv[2]), async (header, tensors) => {
  if (header.op === "hello") return { header: {} };
  // Both were put there by the decoder's own parent code; the image's bytes are what is not trusted.
  const bytes = tensors.image?.data as Uint8Array;
  const spec = header.spec as PreprocessSpec | undefined;
  const { data, width, height } = spec ? await preprocess(spec, bytes) : await decodeImage(bytes);
  return { header: { width, height }, tensors: { pixels: { dtype: "uint8", shape: [data.length], data } } };
});
