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

const minute = 60_000;
const small = { devices: 3, waves: [1, 2], windowMs: 2 * minute } as const;
const large = { devices: 200, waves: [4, 16, 80, 100] } as const;
const patient = { soakMs: 60 * minute, longestSoakMs: 240 * minute, historyMs: 480 * minute } as const;
const hasty = { soakMs: 10 * minute, longestSoakMs: 60 * minute, historyMs: 60 * minute } as const;

/** The fleets that figures are given for; the hasty one shows what a short soak costs. */
export const fleets = {
  "3": { ...small, ...patient },
  "200": { ...large, windowMs: 5 * minute, ...patient },
  "200-hasty": { ...large, windowMs: 2 * minute, ...hasty },
} as const satisfies Readonly<Record<string, Fleet>>;

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
  readonly fleet: keyof typeof fleets;
  readonly fault: Fault;
  readonly temper: keyof typeof tempers;
  readonly number: number;
};

export type Judge = (facts: HealthFacts, gate: HealthGate) => Pick<HealthVerdict, "decision" | "rules">;

/** Rolls a release out over a drawn fleet: a look at every window, waves that open when the one before is healthy. */
export function simulateRollout(trial: Trial, judge: Judge = judgeHealth, fleet: Fleet = fleets[trial.fleet]): Ending {
  const { windowMs, soakMs, longestSoakMs, historyMs, devices } = fleet;
  const seed = `${trial.fleet} ${trial.fault} ${trial.temper} ${trial.number}`;
  const gate = completeGate({ soakMs, beforeMs: soakMs });
  const openedAt = historyMs;
  const duskAt = openedAt + (3 * seededRandom(`dusk ${seed}`)() - 0.5) * soakMs;
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
