import { renderWorld } from "../world/rendered-world.ts";
import { openFieldFolder } from "./open-field-folder.ts";
import type { RoadSignData } from "./road-sign-data.ts";

/**
 * Opens what a run learns from: real images where a folder is named, else the rendered world of the seed.
 * @throws {ExampleError} what the folder's shape refuses
 */
export function openRoadSigns(options: {
  readonly field: string | undefined;
  readonly seed: number;
}): Promise<RoadSignData> {
  return options.field === undefined ? renderWorld(options.seed) : openFieldFolder(options.field);
}
