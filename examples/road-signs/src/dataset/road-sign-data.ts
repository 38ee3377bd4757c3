/** One sign photograph: RGB bytes in row order, true classes as indices, mean luma 0–255. */
export interface Image {
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly sign: number;
  readonly category: number;
  readonly luma: number;
}

/** Frames of one sign in the order of approach; the id is a hash and never tells the class; luma is the mean over frames. */
export interface Track {
  readonly id: string;
  readonly frames: readonly Image[];
  readonly sign: number;
  readonly category: number;
  readonly luma: number;
}

/**
 * What the example learns from and is judged on, split as evaluation.md says: by whole tracks, bright is old, dark is field.
 * Labels of `field` are the truth that answers in the demo; `tests` are read once, after the gate.
 */
export interface RoadSignData {
  readonly name: string;
  readonly classes: { readonly sign: readonly string[]; readonly category: readonly string[] };
  categoryOf(sign: number): number;
  readonly old: { readonly train: readonly Track[]; readonly validation: readonly Track[] };
  readonly field: readonly Track[];
  readonly tests: { readonly old: readonly Image[]; readonly field: readonly Image[] };
}

/** Mean luma, 0–255, of interleaved RGB bytes: the plain mean over all three channels, as meta.csv of gtsrb32 has it. */
export function meanLuma(pixels: Uint8Array): number {
  let sum = 0;
  for (const value of pixels) sum += value;
  return sum / pixels.length;
}

/** Builds a track from frames of one sign, in order. */
export function trackOf(id: string, frames: readonly Image[]): Track {
  const first = frames[0]!;
  const luma = frames.reduce((sum, frame) => sum + frame.luma, 0) / frames.length;
  return { id, frames, sign: first.sign, category: first.category, luma };
}
