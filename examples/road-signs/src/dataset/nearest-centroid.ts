import type { Image } from "./road-sign-data.ts";

/** A classifier without learning: the mean picture of each sign. */
export interface Centroids {
  /** Index of the sign whose mean picture is nearest to the image, both of zero mean and unit length. */
  classify(image: Image): number;
}

/**
 * Averages the training images of each sign: what a comparison shows beside learned models.
 * Pictures are freed of mean and contrast first, or brightness alone would decide.
 */
export function nearestCentroid(training: readonly Image[]): Centroids {
  const sums = new Map<number, Float64Array>();
  for (const image of training) {
    const sum = sums.get(image.sign) ?? new Float64Array(image.pixels.length);
    normalised(image.pixels).forEach((value, at) => {
      sum[at]! += value;
    });
    sums.set(image.sign, sum);
  }
  const centroids = [...sums].map(([sign, sum]) => ({ sign, centre: normalised(sum) }));
  return { classify: (image) => nearest(centroids, normalised(image.pixels)) };
}

function nearest(centroids: readonly { sign: number; centre: Float64Array }[], picture: Float64Array): number {
  let best = { sign: -1, likeness: Number.NEGATIVE_INFINITY };
  for (const { sign, centre } of centroids) {
    let likeness = 0;
    for (let at = 0; at < centre.length; at++) likeness += centre[at]! * picture[at]!;
    if (likeness > best.likeness) best = { sign, likeness };
  }
  return best.sign;
}

function normalised(values: ArrayLike<number>): Float64Array {
  const picture = Float64Array.from(values);
  const mean = picture.reduce((sum, value) => sum + value, 0) / picture.length;
  let energy = 0;
  for (let at = 0; at < picture.length; at++) {
    picture[at]! -= mean;
    energy += picture[at]! ** 2;
  }
  const length = Math.sqrt(energy) || 1;
  for (let at = 0; at < picture.length; at++) picture[at]! /= length;
  return picture;
}
