import { type Background, backgroundSide } from "./backgrounds.ts";
import type { Light } from "./light.ts";
import { type Pose, planeMap } from "./pose.ts";
import { type FaceLevels, levelFor, sampleFace } from "./sign-atlas.ts";

/** What stands at the roadside: a face on its pole before a background, some with a plate underneath. */
export interface Scene {
  readonly face: FaceLevels;
  readonly background: Background;
  /** Corner of the background window in texels, and how it slides per pixel of the sign's growth. */
  readonly window: { readonly x: number; readonly y: number };
  readonly hasPlate: boolean;
}

const samplesPerSide = 2;
const pole = [0.5, 0.51, 0.53] as const;
const plate = [0.9, 0.9, 0.88] as const;

/** Looks at a scene from a pose under a light's `signGain` and `motion`: RGB 0–1 in rows of `side` pixels, not yet lit. */
export function viewScene(scene: Scene, pose: Pose, side: number, { signGain, motion }: Light): Float32Array {
  const frame = new Float32Array(side * side * 3);
  const level = levelFor(scene.face, pose.size * samplesPerSide);
  const map = planeMap(pose);
  const texelsPerPixel = 1.15 - (0.35 * pose.size) / side;
  const sample = new Float32Array(4);
  const share = 1 / samplesPerSide ** 2;
  const corners = Array.from({ length: samplesPerSide ** 2 }, (_, part) => sampleOffset(part, motion));
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const at = (y * side + x) * 3;
      const behind = backgroundAt(scene, x * texelsPerPixel, y * texelsPerPixel);
      const beside = Math.abs(x + 0.5 - pose.centreX) > 0.8 * pose.size;
      for (const corner of corners) {
        if (beside) sample.fill(0);
        else sampleSign(scene, level, map, x + corner.x, y + corner.y, sample);
        const seen = 1 - sample[3]!;
        for (let channel = 0; channel < 3; channel++)
          frame[at + channel]! += share * (sample[channel]! * signGain + seen * scene.background[behind + channel]!);
      }
    }
  return frame;
}

function sampleOffset(part: number, motion: Light["motion"]): { readonly x: number; readonly y: number } {
  const sinceOpening = part / (samplesPerSide ** 2 - 1) - 0.5;
  return {
    x: ((part % samplesPerSide) + 0.5) / samplesPerSide + motion[0] * sinceOpening,
    y: (Math.floor(part / samplesPerSide) + 0.5) / samplesPerSide + motion[1] * sinceOpening,
  };
}

function backgroundAt({ window }: Scene, x: number, y: number): number {
  const column = Math.min(backgroundSide - 1, Math.floor(window.x + x));
  const row = Math.min(backgroundSide - 1, Math.floor(window.y + y));
  return (row * backgroundSide + column) * 3;
}

function sampleSign(
  scene: Scene,
  level: FaceLevels[number],
  map: Float64Array,
  px: number,
  py: number,
  into: Float32Array,
): void {
  const depth = map[6]! * px + map[7]! * py + map[8]!;
  const u = (map[0]! * px + map[1]! * py + map[2]!) / depth;
  const v = (map[3]! * px + map[4]! * py + map[5]!) / depth;
  sampleFace(level, u, v, into);
  if (into[3]! > 0.5) return;
  if (scene.hasPlate && v > 1.06 && v < 1.5 && Math.abs(u) < 0.62) paint(plate, into);
  else if (v > 0.2 && Math.abs(u) < 0.055) paint(pole, into);
}

function paint(colour: readonly [number, number, number], into: Float32Array): void {
  into.set(colour);
  into[3] = 1;
}
