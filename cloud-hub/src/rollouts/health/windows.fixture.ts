import { type Random, seededRandom } from "@fieldloop/compiler/statistics";
import type { DeviceSeries, HealthFacts, HealthWindow, ReleaseReference } from "./facts.ts";
import { completeGate, type HealthGateInput } from "./gate.ts";
import { judgeHealth } from "./judge.ts";
import { estimateSpread } from "./spread.ts";
import type { HealthVerdict, RuleVerdict } from "./verdict.ts";

/** Five seconds of a calm device at 25 frames per second: 125 frames, confidence 0.8 ± 0.2, four equal classes, 5 ms. */
export function windowAt(at: number, change: Partial<HealthWindow> = {}): HealthWindow {
  const frames = change.frames ?? 125;
  return {
    at,
    release: "old",
    frames,
    errors: 0,
    dropped: 0,
    confidenceSum: 0.8 * frames,
    confidenceSquares: (0.8 * 0.8 + 0.04) * frames,
    classCounts: [0, 0, 0, 0].map(() => frames / 4),
    logLatencySum: frames * Math.log(5000),
    restarts: 0,
    outcomes: 0,
    badOutcomes: 0,
    ...change,
  };
}

/** How a simulated device behaves at a moment. */
export type Behaviour = {
  readonly confidence: number;
  readonly mix: readonly number[];
  readonly errorShare: number;
  readonly dropShare: number;
  readonly latencyUs: number;
  readonly restarts: number;
  readonly outcomeShare: number;
  readonly badShare: number;
};

/** A healthy device by day. */
export const calm: Behaviour = {
  confidence: 0.9,
  mix: [0.25, 0.25, 0.25, 0.25],
  errorShare: 0,
  dropShare: 0,
  latencyUs: 5000,
  restarts: 0,
  outcomeShare: 0,
  badShare: 0,
};

const windowMs = 5000;
const framesPerWindow = 125;
const framesPerTrack = 8;

/** A window drawn track by track: the frames of a track share their class, and most of their confidence. */
export function drawWindow(at: number, release: "old" | "new", behaviour: Behaviour, random: Random): HealthWindow {
  const classCounts = behaviour.mix.map(() => 0);
  let [confidenceSum, confidenceSquares, logLatencySum, errors, dropped, frames] = [0, 0, 0, 0, 0, 0];
  let [outcomes, badOutcomes] = [0, 0];
  let track = { class: 0, sure: 0 };
  for (let frame = 0; frame < framesPerWindow; frame += 1) {
    if (frame % framesPerTrack === 0) track = { class: pick(behaviour.mix, random), sure: spreadOver(0.4, random) };
    if (random() < behaviour.dropShare) dropped += 1;
    else if (random() < behaviour.errorShare) errors += 1;
    else {
      const confidence = Math.max(0.02, Math.min(0.999, behaviour.confidence + track.sure + spreadOver(0.3, random)));
      frames += 1;
      confidenceSum += confidence;
      confidenceSquares += confidence * confidence;
      logLatencySum += Math.log(behaviour.latencyUs) + spreadOver(0.8, random);
      classCounts[track.class]! += 1;
      if (random() < behaviour.outcomeShare) {
        outcomes += 1;
        if (random() < behaviour.badShare) badOutcomes += 1;
      }
    }
  }
  const sums = { confidenceSum, confidenceSquares, classCounts, logLatencySum, outcomes, badOutcomes };
  return { at, release, frames, errors, dropped, restarts: behaviour.restarts, ...sums };
}

const spreadOver = (width: number, random: Random): number => (random() - 0.5) * width;

function pick(shares: readonly number[], random: Random): number {
  let rest = random() * shares.reduce((sum, share) => sum + share, 0);
  for (const [index, share] of shares.entries()) {
    rest -= share;
    if (rest < 0) return index;
  }
  return shares.length - 1;
}

/** A small rollout at the demo's pace: what devices on the old and the new release do as time goes on. */
export type Story = {
  readonly seed: string;
  readonly treated: number;
  readonly controls: number;
  readonly pastWindows: number;
  readonly old: (at: number) => Behaviour;
  readonly new: (at: number) => Behaviour;
  readonly reference?: ReleaseReference | null;
  readonly gate?: HealthGateInput;
};

/** Plays a story's first wave for at most `windows` looks and gives the first verdict that is not `wait`, else the last. */
export function playWave(
  story: Story,
  windows: number,
): { verdict: HealthVerdict; seconds: number; facts: HealthFacts } {
  const random = seededRandom(story.seed);
  const openedAt = story.pastWindows * windowMs;
  const series = Array.from({ length: story.treated + story.controls }, (_, index) => ({
    device: `device-${index + 1}`,
    wave: index < story.treated ? 1 : null,
    windows: [] as HealthWindow[],
  }));
  for (let at = windowMs; at <= openedAt; at += windowMs) {
    for (const { windows: own } of series) own.push(drawWindow(at, "old", story.old(at), random));
  }
  const gate = completeGate(story.gate);
  const history = estimateSpread(series, gate.soakMs);
  for (let look = 1; ; look += 1) {
    const now = openedAt + look * windowMs;
    for (const { wave, windows: own } of series) {
      const isNew = wave !== null;
      own.push(drawWindow(now, isNew ? "new" : "old", isNew ? story.new(now) : story.old(now), random));
    }
    const facts = factsOf(series, { openedAt, now, history, reference: story.reference ?? null });
    const verdict = judgeHealth(facts, gate);
    if (verdict.decision !== "wait" || look === windows) return { verdict, seconds: (look * windowMs) / 1000, facts };
  }
}

/** Facts of a list of devices: those with a wave are treated. */
export function factsOf(series: readonly DeviceSeries[], rest: Omit<HealthFacts, "treated" | "controls">): HealthFacts {
  return {
    ...rest,
    treated: series.filter(({ wave }) => wave !== null),
    controls: series.filter(({ wave }) => wave === null),
  };
}

/** The verdict of one rule. */
export function ruleOf(verdict: HealthVerdict, name: RuleVerdict["rule"]): RuleVerdict {
  const found = verdict.rules.find(({ rule }) => rule === name);
  if (found === undefined) throw new RangeError(`Expected a verdict on ${name}, found none.`);
  return found;
}
