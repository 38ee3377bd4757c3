import type { RoadSignData, Track } from "../dataset/road-sign-data.ts";

/** What the camera can be shown: tracks that look like the training's, or the field. */
export type Scene = "old" | "field";

/** One frame as the camera hands it over, with the track that the reader followed. */
export type PlayedFrame = {
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly track: string;
};

/** Frames of a scene, track by track in frame order; `number` says how many tracks and frames there are in one pass. */
export function framesOf(data: RoadSignData, scene: Scene): readonly PlayedFrame[] {
  const tracks: readonly Track[] = scene === "old" ? data.old.validation : data.field;
  return tracks.flatMap(({ id, frames }) =>
    frames.map(({ pixels, width, height }) => ({ pixels, width, height, track: id })),
  );
}
