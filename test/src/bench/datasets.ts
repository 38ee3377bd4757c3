import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = process.env.FIELDLOOP_DATASETS ?? fileURLToPath(new URL("../../../../shared/datasets", import.meta.url));

/** The folder of a data set, or why what needs it is skipped. */
export function datasetFolder(name: string): { readonly dir: string } | { readonly why: string } {
  const dir = join(folder, name);
  return existsSync(dir)
    ? { dir }
    : {
        why: `the data set ${name} is absent; put it at ../shared/datasets/${name} or point FIELDLOOP_DATASETS at its folder`,
      };
}
