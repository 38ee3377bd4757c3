import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { ExampleError } from "../errors.ts";
import { openIdxSet } from "./idx-set.ts";
import { isImageFolder, openImageFolder } from "./image-folder.ts";
import type { RoadSignData } from "./road-sign-data.ts";

/**
 * Opens real labelled images: an IDX set with meta.csv, or one folder of images per class.
 * @throws {ExampleError} `field-folder-missing`, `field-folder-unrecognised`, or what the shape itself refuses
 */
export async function openFieldFolder(dir: string): Promise<RoadSignData> {
  if (!existsSync(dir) || !statSync(dir).isDirectory())
    throw new ExampleError(
      "field-folder-missing",
      `Expected a folder of labelled images at ${dir}, found ${existsSync(dir) ? "a file" : "nothing"}; give another --field, or none for the rendered world.`,
    );
  if (existsSync(join(dir, "meta.csv"))) return openIdxSet(dir);
  if (await isImageFolder(dir)) return openImageFolder(dir);
  throw new ExampleError(
    "field-folder-unrecognised",
    `Expected meta.csv with IDX files, or at least two folders of images named after their class, in ${dir}, found neither; arrange the images like that.`,
  );
}
