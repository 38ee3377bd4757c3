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

/** Which of how many cameras looks. */
export type Viewpoint = { readonly camera: number; readonly cameras: number };

/**
 * Frames of a scene as one camera sees them, track by track in frame order: of the field every camera has tracks of its
 * own, of the old world all see the same, each from another track on.
 */
export function framesOf(data: RoadSignData, scene: Scene, viewpoint: Viewpoint): readonly PlayedFrame[] {
  const tracks = scene === "old" ? rotated(data.old.validation, viewpoint) : shareOf(data.field, viewpoint);
  return tracks.flatMap(({ id, frames }) =>
    frames.map(({ pixels, width, height }) => ({ pixels, width, height, track: id })),
  );
}

const shareOf = (tracks: readonly Track[], { camera, cameras }: Viewpoint): readonly Track[] =>
  tracks.filter((_, index) => index % cameras === camera);

function rotated(tracks: readonly Track[], { camera, cameras }: Viewpoint): readonly Track[] {
  const start = Math.floor((tracks.length * camera) / cameras);
  return [...tracks.slice(start), ...tracks.slice(0, start)];
}
