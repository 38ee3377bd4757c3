import { ExampleError } from "../errors.ts";
import type { Image, RoadSignData, Track } from "./road-sign-data.ts";
import { splitByHash } from "./track-hash.ts";

/** Mean luma from which on a track or image belongs to the old, bright world. */
export const brightFrom = 80;

/** Mean luma below which a track or image belongs to the new, dark field. */
export const darkBelow = 40;

/** Fewest tracks and images with which the demo can train, sample and compare at all. */
export const fewest = { train: 20, validation: 4, field: 20, testOld: 20, testField: 20 } as const;

const isBright = ({ luma }: { readonly luma: number }): boolean => luma >= brightFrom;
const isDark = ({ luma }: { readonly luma: number }): boolean => luma < darkBelow;

/** Splits tracks into old (a seventh kept for validation, by hash) and field by their mean luma; what lies between is unused. */
export function splitTracksByBrightness(tracks: readonly Track[]): Pick<RoadSignData, "old" | "field"> {
  const { taken, left } = splitByHash(tracks.filter(isBright), { purpose: "validation", share: 1 / 7 });
  return { old: { train: left, validation: taken }, field: tracks.filter(isDark) };
}

/** Splits test images into the old and the field test by their luma. */
export function splitTestsByBrightness(images: readonly Image[]): RoadSignData["tests"] {
  return { old: images.filter(isBright), field: images.filter(isDark) };
}

/**
 * Refuses data that holds too little of either world.
 * @throws {ExampleError} `too-few-tracks` naming every part that is too small
 */
export function refuseTooFew(data: RoadSignData, where: string): RoadSignData {
  const parts = [
    { what: "bright training tracks", have: data.old.train.length, need: fewest.train },
    { what: "bright validation tracks", have: data.old.validation.length, need: fewest.validation },
    { what: "dark tracks", have: data.field.length, need: fewest.field },
    { what: "bright test images", have: data.tests.old.length, need: fewest.testOld },
    { what: "dark test images", have: data.tests.field.length, need: fewest.testField },
  ].filter(({ have, need }) => have < need);
  if (parts.length === 0) return data;
  const found = parts.map(({ what, have, need }) => `${have} ${what} (at least ${need} needed)`).join(", ");
  throw new ExampleError(
    "too-few-tracks",
    `Expected bright (mean luma ≥ ${brightFrom}) and dark (< ${darkBelow}) signs in ${where}, found ${found}; add images taken in that light.`,
  );
}
