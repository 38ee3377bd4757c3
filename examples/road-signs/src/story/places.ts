import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { DemoOptions } from "./options.ts";

/** Where a run keeps what: the hub's folder, the devices', bundles that pose as a stick, comparison jobs, and the story so far. */
export type Places = {
  readonly root: string;
  readonly hub: string;
  readonly devices: string;
  readonly bundles: string;
  readonly comparison: string;
  readonly state: string;
  /** Says whether an earlier run left something here. */
  readonly continues: boolean;
};

/** Prepares the run's folder: a fresh temporary one with `--once`, else `--data`, cleared first with `--fresh`. */
export async function preparePlaces(options: DemoOptions): Promise<Places> {
  const root = options.once ? await mkdtemp(join(tmpdir(), "fieldloop-demo-")) : resolve(options.data);
  if (options.fresh && !options.once) await rm(root, { recursive: true, force: true });
  const state = join(root, "story.json");
  return {
    root,
    hub: join(root, "hub"),
    devices: join(root, "devices"),
    bundles: join(root, "bundles"),
    comparison: join(root, "comparison"),
    state,
    continues: (await stat(state).catch(() => undefined)) !== undefined,
  };
}

/** Removes a `--once` run's temporary folder. */
export async function clearPlaces(places: Places, options: DemoOptions): Promise<void> {
  if (options.once) await rm(places.root, { recursive: true, force: true });
}
