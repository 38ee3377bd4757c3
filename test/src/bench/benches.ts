import type { Bench } from "./bench.ts";
import { crashBench } from "./crash.ts";
import { engineBench } from "./engine.ts";
import { loopBench } from "./loop.ts";
import { recipeBench } from "./recipe.ts";
import { trainingStepBench } from "./training-step.ts";

/** Every benchmark, in the order in which the list is printed. */
export const benches: readonly Bench[] = [loopBench, engineBench, crashBench, recipeBench, trainingStepBench];
