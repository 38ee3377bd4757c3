import type { Bench } from "./bench.ts";
import { engineBench } from "./engine.ts";
import { loopBench } from "./loop.ts";

/** Every benchmark, in the order in which the list is printed. */
export const benches: readonly Bench[] = [loopBench, engineBench];
