import type { Rollout, RuleVerdict, Wave, WaveDevice } from "../../api/rollout.ts";
import type { Tone } from "../../values/state-badge.tsx";

/** A state as a word and how it is to be taken. */
export type Shown = { readonly tone: Tone; readonly word: string };

const rolloutTones: Record<Rollout["state"], Tone> = {
  running: "busy",
  paused: "warn",
  completed: "good",
  stopped: "bad",
  aborted: "warn",
};

const causes = {
  harm: "stopped for harm",
  "cannot-start": "stopped, cannot start",
  "too-little-data": "stopped, too little data",
  aborted: "aborted",
} as const;

/** A rollout's state, with its cause when it ended short. */
export function shownRollout({ state, cause }: Pick<Rollout, "state" | "cause">): Shown {
  return { tone: rolloutTones[state], word: cause === null ? state : causes[cause] };
}

const waveStates: Record<Wave["state"], Shown> = {
  waiting: { tone: "idle", word: "waiting" },
  open: { tone: "busy", word: "open" },
  healthy: { tone: "good", word: "healthy" },
  stopped: { tone: "bad", word: "stopped" },
};

/** A wave's state. */
export const shownWave = ({ state }: Pick<Wave, "state">): Shown => waveStates[state];

/** A device's state within a wave. mark: a shape of its own for each, so that cells are told apart without colour */
export type ShownDevice = Shown & { readonly mark: string };

const deviceStates: Record<WaveDevice["state"], ShownDevice> = {
  waiting: { tone: "idle", word: "not asked yet", mark: "○" },
  offered: { tone: "busy", word: "asked", mark: "◔" },
  running: { tone: "good", word: "runs it", mark: "●" },
  refused: { tone: "bad", word: "refused it", mark: "✕" },
  returned: { tone: "warn", word: "sent back", mark: "↩" },
  left: { tone: "idle", word: "taken out", mark: "–" },
};

/** What a device does with the release. */
export const shownDevice = ({ state }: Pick<WaveDevice, "state">): ShownDevice => deviceStates[state];

const verdicts: Record<RuleVerdict["verdict"], Shown> = {
  healthy: { tone: "good", word: "healthy" },
  harm: { tone: "bad", word: "harm" },
  "too-little-data": { tone: "idle", word: "too little data" },
};

/** What a rule found. */
export const shownVerdict = ({ verdict }: Pick<RuleVerdict, "verdict">): Shown => verdicts[verdict];

/** How far a rollout has come: devices that run the release, of all. */
export function progressOf({ waves }: Pick<Rollout, "waves">): { readonly running: number; readonly all: number } {
  const devices = waves.flatMap((wave) => wave.devices);
  return { running: devices.filter(({ state }) => state === "running").length, all: devices.length };
}

/** Why a rollout cannot be given an order now, or undefined when it can. */
export function whyNotNow({ state }: Pick<Rollout, "state">, order: "pause" | "resume" | "abort"): string | undefined {
  if (state !== "running" && state !== "paused") return `It has ended (${state}).`;
  if (order === "pause" && state === "paused") return "It is paused already.";
  if (order === "resume" && state === "running") return "It is running.";
  return undefined;
}

/** The wave to look at: the one that is open, else the last that was decided, else the first. */
export function waveInView(waves: readonly Wave[]): Wave | undefined {
  return waves.find(({ state }) => state === "open") ?? waves.findLast(({ state }) => state !== "waiting") ?? waves[0];
}
