import {
  completeGate,
  type DeviceSeries,
  estimateSpread,
  type HealthFacts,
  type HealthGate,
  type HealthVerdict,
  type HealthWindow,
  judgeHealth,
} from "@fieldloop/cloud-hub/health";
import { seededRandom } from "@fieldloop/compiler/statistics";
import { drawWorld, type Fault, tempers } from "./rollout-world.ts";

/** A fleet size with its waves (devices that each asks), windows and times. */
export type Fleet = {
  readonly devices: number;
  readonly waves: readonly number[];
  readonly windowMs: number;
  readonly soakMs: number;
  readonly longestSoakMs: number;
  readonly historyMs: number;
};

/** The two fleets that the figures are given for. */
export const fleets: Readonly<Record<"3" | "200", Fleet>> = {
  "3": { devices: 3, waves: [1, 2], windowMs: 30_000, soakMs: 600_000, longestSoakMs: 3_600_000, historyMs: 7_200_000 },
  "200": {
    devices: 200,
    waves: [4, 16, 80, 100],
    windowMs: 60_000,
    soakMs: 600_000,
    longestSoakMs: 3_600_000,
    historyMs: 2_400_000,
  },
};

/** How a simulated rollout went. wave: the one it ended in, from 1 · predictions: by the new release until then */
export type Ending = {
  readonly end: "completed" | "harm" | "too-little-data";
  readonly wave: number;
  readonly predictions: number;
  readonly ms: number;
  readonly rules: readonly string[];
};

/** One rollout to simulate. */
export type Trial = {
  readonly fleet: "3" | "200";
  readonly fault: Fault;
  readonly temper: keyof typeof tempers;
  readonly number: number;
};

export type Judge = (facts: HealthFacts, gate: HealthGate) => Pick<HealthVerdict, "decision" | "rules">;

/** Rolls a release out over a drawn fleet: a look at every window, waves that open when the one before is healthy. */
export function simulateRollout(trial: Trial, judge: Judge = judgeHealth, fleet: Fleet = fleets[trial.fleet]): Ending {
  const { windowMs, soakMs, longestSoakMs, historyMs, devices } = fleet;
  const seed = `${trial.fleet} ${trial.fault} ${trial.temper} ${trial.number}`;
  const gate = completeGate({ soakMs });
  const openedAt = historyMs;
  const duskAt = openedAt + (seededRandom(`dusk ${seed}`)() * 7 - 1) * 600_000;
  const world = drawWorld({ seed, devices, windowMs, temper: tempers[trial.temper], fault: trial.fault, duskAt });
  const past = drawHistory(world.window, { devices, windowMs, historyMs });
  const history = estimateSpread(past, soakMs);
  const running = past.map(({ device, windows }): Running => {
    return { device, wave: null, windows: windows.filter(({ at }) => at > openedAt - gate.beforeMs) };
  });
  let predictions = 0;
  let waveOpenedAt = openedAt;
  let wave = 1;
  ask(running, fleet, wave);
  for (let now = openedAt + windowMs; ; now += windowMs) {
    for (const [index, each] of running.entries()) {
      const window = world.window(index, now, each.wave === null ? "old" : "new");
      each.windows.push(window);
      if (each.wave !== null) predictions += window.frames;
    }
    const treated = running.filter((each) => each.wave !== null);
    const controls = running.filter((each) => each.wave === null);
    const { decision, rules } = judge({ openedAt, now, treated, controls, history, reference: null }, gate);
    const ending = { wave, predictions, ms: now - openedAt };
    if (decision === "harm") return { ...ending, end: "harm", rules: harmful(rules) };
    if (decision === "healthy" && wave === fleet.waves.length) return { ...ending, end: "completed", rules: [] };
    if (decision === "healthy") {
      wave += 1;
      waveOpenedAt = now;
      ask(running, fleet, wave);
    } else if (now - waveOpenedAt >= longestSoakMs) {
      return { ...ending, end: "too-little-data", rules: unsure(rules) };
    }
  }
}

type Running = { readonly device: string; wave: number | null; readonly windows: HealthWindow[] };

function ask(running: readonly Running[], { waves }: Fleet, wave: number): void {
  const before = waves.slice(0, wave - 1).reduce((sum, devices) => sum + devices, 0);
  for (const each of running.slice(before, before + (waves[wave - 1] ?? 0))) each.wave = wave;
}

const harmful = (rules: HealthVerdict["rules"]) =>
  rules.filter((each) => each.verdict === "harm").map(({ rule }) => rule);
const unsure = (rules: HealthVerdict["rules"]) =>
  rules.filter((each) => each.verdict === "too-little-data").map(({ rule }) => rule);

function drawHistory(
  window: (device: number, at: number, release: "old") => HealthWindow,
  { devices, windowMs, historyMs }: Pick<Fleet, "devices" | "windowMs" | "historyMs">,
): DeviceSeries[] {
  const series = Array.from({ length: devices }, (_, index) => ({
    device: `device-${index + 1}`,
    wave: null,
    windows: [] as HealthWindow[],
  }));
  for (let at = windowMs; at <= historyMs; at += windowMs) {
    for (const [index, { windows }] of series.entries()) windows.push(window(index, at, "old"));
  }
  return series;
}
