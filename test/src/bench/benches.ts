import type { Bench } from "./bench.ts";
import { crashBench } from "./crash.ts";
import { delayBench } from "./delay.ts";
import { drainBench } from "./drain.ts";
import { engineBench } from "./engine.ts";
import { enginesBench } from "./engines/engines.ts";
import { galleryBench } from "./gallery.ts";
import { galleryPageBench } from "./gallery-page.ts";
import { int8Bench } from "./int8.ts";
import { journalBench } from "./journal.ts";
import { labellingBench } from "./labelling.ts";
import { loopBench } from "./loop.ts";
import { pageMemoryBench } from "./page-memory.ts";
import { powerCutBench } from "./power-cut.ts";
import { recipeBench } from "./recipe.ts";
import { restoreBench } from "./restore.ts";
import { rolloutBench } from "./rollout.ts";
import { rolloutKillBench } from "./rollout-kill.ts";
import { rolloutLatencyBench } from "./rollout-latency.ts";
import { trainingStepBench } from "./training-step.ts";

/** Every benchmark, in the order in which the list is printed. */
export const benches: readonly Bench[] = [
  loopBench,
  recipeBench,
  trainingStepBench,
  int8Bench,
  engineBench,
  enginesBench,
  delayBench,
  journalBench,
  crashBench,
  powerCutBench,
  restoreBench,
  drainBench,
  galleryBench,
  galleryPageBench,
  labellingBench,
  pageMemoryBench,
  rolloutBench,
  rolloutLatencyBench,
  rolloutKillBench,
];
