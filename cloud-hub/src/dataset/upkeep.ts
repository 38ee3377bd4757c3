import type { Hub } from "../hub-parts.ts";
import { rollUpOldSketches } from "../rollups/sketch-rollup.ts";
import type { HubStore } from "../storage/hub-store.ts";
import { sweepImages } from "./image-sweep.ts";
import { keepVectorIndexes } from "./vector-index.ts";

/** What keeps the dataset quick to search, in the background. */
export type DatasetUpkeep = { readonly close: () => Promise<void> };

const upkeepEveryMs = 60_000;
/** The planner's statistics are made anew when a table has grown by this factor. */
const analyzeFactor = 1.5;

/** Starts at once and goes on every minute: old sketches into rollups, statistics, indexes over vectors, images to go. */
export function startDatasetUpkeep(hub: Hub, store: HubStore, onError: (error: unknown) => void): DatasetUpkeep {
  const steps: readonly (() => Promise<unknown>)[] = [
    () => rollUpOldSketches(store.db, hub.fleet, hub.isClosing),
    () => analyzeGrown(hub),
    () => keepVectorIndexes(hub),
    () => sweepImages(hub, store.blobs),
  ];
  const round = async (): Promise<void> => {
    for (const step of steps) if (!hub.isClosing()) await step().catch((error) => hub.isClosing() || onError(error));
  };
  let running = round();
  const timer = setInterval(() => {
    running = running.then(round);
  }, upkeepEveryMs);
  timer.unref();
  return {
    async close() {
      clearInterval(timer);
      await running;
    },
  };
}

/** PGlite has no autovacuum, and without statistics the planner takes a hundred thousand samples for a few. */
async function analyzeGrown(hub: Hub): Promise<void> {
  const [size] = await hub.rows<{ rows: number; analyzed: number }>(
    `select coalesce(sum(count), 0)::int8 as rows,
       (select greatest(reltuples, 0)::int8 from pg_class where oid = 'samples'::regclass) as analyzed
     from sample_totals where fleet = $1 and level = 86400000`,
    [hub.fleet],
  );
  const { rows, analyzed } = size!; // a sum is always one row
  if (rows < 1000 || rows < analyzed * analyzeFactor) return;
  for (const table of ["samples", "sample_labels", "labels", "sample_rollups", "sample_totals"])
    await hub.rows(`analyze ${table}`);
}
