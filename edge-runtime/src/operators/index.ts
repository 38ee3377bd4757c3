export type { PreprocessSpec } from "@fieldloop/devices";
export { decodeImage, encodePng, type ImageEncoding, imageEncoding, imageLimits } from "./encoded-image.ts";
export { type ImageDecoder, type ImageDecoderOptions, startImageDecoder } from "./image-decoder.ts";
export { preprocess } from "./preprocess.ts";
export { checkRawImage, meanLuma, type RawImage } from "./raw-image.ts";
