import type { Random } from "@fieldloop/compiler";

/** How much an image is changed before it is trained with. */
export interface Augmentation {
  readonly shiftPx: number;
  readonly light: boolean;
}

/** The light that training may meet: factors on brightness, and the deviation of gaussian noise in levels of 255. */
const brightness = { low: 0.2, high: 1.5 };
const noiseLevels = { low: 0, high: 5 };
const tableSize = 1 << 16;

/** Gaussian numbers drawn once; each image reads them from its own random place. */
export function noiseTable(random: Random): Float32Array {
  return Float32Array.from({ length: tableSize }, () => random.normal());
}

/** The pixel constants of every model: level 128 is 0, 0 is −1. The compiler bakes the same into the graph. */
export const pixelScale = { centre: 128, divisor: 128 };

/**
 * Writes one image as float32 CHW, scaled by constants: shifted by up to ±shiftPx with its border repeated and, when
 * `light`, times a random brightness plus noise, cut off at 0 and 255.
 * image: RGB rows, size² · 3 bytes · target: 3 · size² floats
 */
export function augment(
  image: Uint8Array,
  target: Float32Array,
  size: number,
  augmentation: Augmentation,
  random: Random,
  noise: Float32Array,
): void {
  const { shiftPx, light } = augmentation;
  const [right, down] = [random.below(2 * shiftPx + 1) - shiftPx, random.below(2 * shiftPx + 1) - shiftPx];
  const factor = light ? brightness.low + (brightness.high - brightness.low) * random.uniform() : 1;
  const deviation = light ? noiseLevels.low + (noiseLevels.high - noiseLevels.low) * random.uniform() : 0;
  let at = random.below(tableSize);
  const plane = size * size;
  for (let y = 0; y < size; y++) {
    const row = clamp(y - down, size) * size;
    for (let x = 0; x < size; x++) {
      const source = (row + clamp(x - right, size)) * 3;
      const place = y * size + x;
      for (let channel = 0; channel < 3; channel++) {
        at = (at + 1) & (tableSize - 1);
        const level = image[source + channel]! * factor + deviation * noise[at]!;
        const cut = level < 0 ? 0 : Math.min(level, 255);
        target[channel * plane + place] = (cut - pixelScale.centre) / pixelScale.divisor;
      }
    }
  }
}

/** Writes one image as it is, as float32 CHW scaled by constants. */
export function scalePixels(image: Uint8Array, target: Float32Array, size: number): void {
  const plane = size * size;
  for (let place = 0; place < plane; place++) {
    for (let channel = 0; channel < 3; channel++) {
      target[channel * plane + place] = (image[place * 3 + channel]! - pixelScale.centre) / pixelScale.divisor;
    }
  }
}

function clamp(value: number, size: number): number {
  return value < 0 ? 0 : value >= size ? size - 1 : value;
}
