import { waitingDevice } from "./group.ts";
import type { DeviceProgress } from "./progress.ts";
import type { Rollout, Verdict } from "./rollout.ts";
import { completeGate } from "./rollout-gate.ts";

/** A rollout of release `new` that begins at 0: soaks 10 s, waits 60 s, one device called `a`, `b`, … per place in a wave. */
export function freshRollout(sizes: readonly number[], change: Partial<Rollout> = {}): Rollout {
  let next = 0;
  const waves = sizes.map((size, index) => ({
    number: index + 1,
    share: String(size),
    state: "waiting" as const,
    openedAt: null,
    decidedAt: null,
    verdict: null,
    devices: Array.from({ length: size }, () =>
      waitingDevice({ device: nameOf(next++), profile: "x86-64", previous: "old" }),
    ),
  }));
  return {
    id: "o_1",
    release: "new",
    group: "all",
    previous: {},
    state: "running",
    cause: null,
    by: "ada",
    createdAt: 0,
    resumedAt: 0,
    endedAt: null,
    reason: "Started.",
    soakMs: 10_000,
    longestSoakMs: 60_000,
    gate: completeGate({ latecomersMs: 120_000, health: { leastReporting: 0.5 } }, 10_000),
    step: 0,
    waves,
    steps: [],
    ...change,
  };
}

const nameOf = (index: number): string => (index < 26 ? String.fromCharCode(97 + index) : `d${index}`);

/** Nothing heard of a device. */
export const silence: DeviceProgress = { firstPredictionAt: null, refusal: null, contradiction: null, gone: null };

/** A verdict without rules. */
export const verdictOf = (decision: Verdict["decision"], at = 0): Verdict => ({
  decision,
  at,
  sentence: `The rules say ${decision}.`,
  rules: [],
});
