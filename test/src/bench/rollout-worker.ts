import { parentPort, workerData } from "node:worker_threads";
import { judgeNaively } from "./rollout-naive.ts";
import { simulateRollout, type Trial } from "./rollout-simulation.ts";

const { trials, isNaive } = workerData as { readonly trials: readonly Trial[]; readonly isNaive: boolean }; // from rollout.ts
for (const trial of trials) {
  parentPort?.postMessage(isNaive ? simulateRollout(trial, judgeNaively) : simulateRollout(trial));
}
