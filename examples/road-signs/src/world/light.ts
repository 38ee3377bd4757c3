import type { Random } from "./random.ts";

/** The light and the camera's trouble with it, one per track; values 0–1 unless said otherwise. */
export interface Light {
  /** Mean of the developed frame, 0–255: the camera exposes for it. */
  readonly meanLevel: number;
  readonly tint: readonly [number, number, number];
  /** How much darker the sign is than what stands behind it; 1 is alike. */
  readonly signGain: number;
  /** Haze or stray light that lies over everything, before exposure. */
  readonly veil: number;
  /** Slope of brightness over the frame, per pixel, along x and y. */
  readonly slope: readonly [number, number];
  /** Lamps: place in pixels, radius in pixels, strength before exposure. */
  readonly lamps: readonly Lamp[];
  /** Standard deviation in pixels. */
  readonly blur: number;
  /** Motion in pixels along x and y while the shutter is open. */
  readonly motion: readonly [number, number];
  /** Noise of the sensor: standard deviation 0–255 in the dark, and share of the signal's square root. */
  readonly readNoise: number;
  readonly shotNoise: number;
}

/** A lamp in or beside the frame. */
export interface Lamp {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly strength: number;
  readonly tint: readonly [number, number, number];
}

/** Draws a light. */
export type LightSource = (random: Random, side: number) => Light;

/** Daylight: bright (mean 92–178), nearly white, little noise; sometimes hazy or shaded to one side. */
export function daylight(random: Random): Light {
  const warmth = random.between(-0.07, 0.09);
  return {
    meanLevel: random.between(92, 178),
    tint: [1 + warmth, 1, 1 - warmth],
    signGain: random.between(0.8, 1.15),
    veil: random.chance(0.25) ? random.between(0.05, 0.25) : 0,
    slope: [0.011 * random.normal(), 0.011 * random.normal()],
    lamps: [],
    blur: random.between(0.3, 0.75),
    motion: [0.4 * random.normal(), 0.2 * random.normal()],
    readNoise: random.between(1, 3),
    shotNoise: random.between(0.05, 0.2),
  };
}

const duskTints = [
  [0.45, 0.8, 1.7],
  [0.7, 0.75, 1.5],
  [1.7, 0.95, 0.25],
  [1.5, 0.65, 0.75],
] as const;

const lampTints = [
  [1, 0.75, 0.4],
  [1, 0.95, 0.85],
  [1, 0.3, 0.2],
] as const;

/** Dusk: dark (mean 12–32), colour cast, blur, motion and noise; the sign often in silhouette; some lamps glare. */
export function dusk(random: Random, side: number): Light {
  return {
    meanLevel: random.between(12, 32),
    tint: random.pick(duskTints),
    signGain: random.chance(0.65) ? random.between(0.28, 0.5) : random.between(0.5, 0.9),
    veil: random.between(0.02, 0.2),
    slope: [0.015 * random.normal(), 0.015 * random.normal()],
    lamps: random.chance(0.6) ? Array.from({ length: random.chance(0.3) ? 2 : 1 }, () => lamp(random, side)) : [],
    blur: random.between(0.5, 0.85),
    motion: [0.9 * random.normal(), 0.4 * random.normal()],
    readNoise: random.between(1, 2.4),
    shotNoise: random.between(0.15, 0.4),
  };
}

function lamp(random: Random, side: number): Lamp {
  const onLeft = random.chance(0.5);
  return {
    x: onLeft ? random.between(-2, 0.3 * side) : random.between(0.7 * side, side + 2),
    y: random.between(-2, side + 2),
    radius: random.between(1.2, 4),
    strength: random.between(0.5, 2),
    tint: random.pick(lampTints),
  };
}
