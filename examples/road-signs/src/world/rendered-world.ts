import { type Image, meanLuma, type RoadSignData, type Track, trackOf } from "../dataset/road-sign-data.ts";
import { categoryNames } from "../dataset/sign-categories.ts";
import { splitByHash, trackId } from "../dataset/track-hash.ts";
import { backgroundSide, paintBackground } from "./backgrounds.ts";
import { develop } from "./camera.ts";
import { daylight, dusk, type LightSource } from "./light.ts";
import { approach } from "./pose.ts";
import { createRandom, type Random } from "./random.ts";
import { drawAtlas, type FaceLevels } from "./sign-atlas.ts";
import { signFaces } from "./sign-faces.ts";
import { type Scene, viewScene } from "./view.ts";

const side = 32;
const framesPerTrack = 8;

/** How many tracks and single test images a world has; the defaults are the sizes of the real set in miniature. */
export interface WorldSizes {
  readonly oldTracks: number;
  readonly fieldTracks: number;
  readonly oldTests: number;
  readonly fieldTests: number;
}

const miniature: WorldSizes = { oldTracks: 420, fieldTracks: 260, oldTests: 600, fieldTests: 500 };

/**
 * Renders road signs by day (old) and at dusk (field) in the roles of the real set; the same seed gives the same bytes.
 * Takes about six seconds of one core for the 6,060 frames of the default sizes.
 */
export async function renderWorld(seed: number, sizes: WorldSizes = miniature): Promise<RoadSignData> {
  const atlas = await drawAtlas(signFaces);
  const world = { seed, atlas };
  const bright = renderTracks(world, { role: "old", count: sizes.oldTracks, light: daylight });
  const { taken, left } = splitByHash(bright, { purpose: "validation", share: 1 / 7 });
  return {
    name: "rendered",
    classes: { sign: signFaces.map(({ name }) => name), category: categoryNames },
    categoryOf: (sign) => signFaces[sign]!.category,
    old: { train: left, validation: taken },
    field: renderTracks(world, { role: "field", count: sizes.fieldTracks, light: dusk }),
    tests: {
      old: renderSingles(world, { role: "old-test", count: sizes.oldTests, light: daylight }),
      field: renderSingles(world, { role: "field-test", count: sizes.fieldTests, light: dusk }),
    },
  };
}

interface World {
  readonly seed: number;
  readonly atlas: readonly FaceLevels[];
}

interface Part {
  readonly role: string;
  readonly count: number;
  readonly light: LightSource;
}

function renderTracks(world: World, part: Part): Track[] {
  return signsOf(world, part).map((sign, index) => {
    const random = createRandom(world.seed, part.role, index);
    const frames = renderApproach(world, { sign, light: part.light, frameCount: framesPerTrack }, random);
    return trackOf(trackId(`rendered ${world.seed}`, `${part.role} ${index}`), frames);
  });
}

function renderSingles(world: World, part: Part): Image[] {
  return signsOf(world, part).flatMap((sign, index) => {
    const random = createRandom(world.seed, part.role, index);
    return renderApproach(world, { sign, light: part.light, frameCount: 1 }, random);
  });
}

function signsOf({ seed }: World, { role, count }: Part): number[] {
  const balanced = Array.from({ length: count }, (_, index) => index % signFaces.length);
  return createRandom(seed, role, "order").shuffled(balanced);
}

function renderApproach(
  { atlas }: World,
  {
    sign,
    light: source,
    frameCount,
  }: { readonly sign: number; readonly light: LightSource; readonly frameCount: number },
  random: Random,
): Image[] {
  const light = source(random, side);
  const scene: Scene = {
    face: atlas[sign]!,
    background: paintBackground(random),
    window: { x: random.between(0, backgroundSide - 36), y: random.between(0, backgroundSide - 36) },
    hasPlate: random.chance(0.15),
  };
  return approach(random, frameCount, side).map((pose) => {
    const pixels = develop(viewScene(scene, pose, side, light), light, random, side);
    return { pixels, width: side, height: side, sign, category: signFaces[sign]!.category, luma: meanLuma(pixels) };
  });
}
