import {
  type DeviceProgress,
  devicesOf,
  hasEnded,
  isEvidence,
  isTouched,
  leastAnswering,
  mostRefusals,
  newestWave,
} from "./progress.ts";
import type { Rollout, RolloutDevice, Verdict, Wave } from "./rollout.ts";
import { listed, seconds, some } from "./sentence.ts";
import { type DeviceChange, mostPerStep, type Step } from "./step.ts";

/**
 * What a rollout's next step is decided on. now: hub time · progress: by device, of those that were asked · verdict: what the
 * health rules say of the newest wave, with every device that answers by the new release
 */
export type RolloutFacts = {
  readonly now: number;
  readonly progress: ReadonlyMap<string, DeviceProgress>;
  readonly verdict: Verdict | null;
};

/** A rule of advance: the step that it asks for, or nothing. */
type Advance = (rollout: Rollout, facts: RolloutFacts) => Step | undefined;

/** In this order; the first that asks for a step gets it. A paused rollout opens nothing but is judged on. */
const whileGoing: readonly Advance[] = [noteProgress, stopForRefusals, stopForHarm, closeWave];
const whileRunning: readonly Advance[] = [stopForTooLittle, offerRest, openWave, complete];

/** The step that a rollout takes now, if any; a rollout that has ended only gives devices back. */
export function nextStep(rollout: Rollout, facts: RolloutFacts): Step | undefined {
  const advances = hasEnded(rollout)
    ? [giveBack]
    : rollout.state === "paused"
      ? whileGoing
      : [...whileGoing, ...whileRunning];
  for (const advance of advances) {
    const step = advance(rollout, facts);
    if (step !== undefined) return step;
  }
  return undefined;
}

/** Stops a rollout and gives the first devices back; the rest follow by further steps. cause: `aborted` by a person */
export function stopStep(rollout: Rollout, { cause, at, why, verdict, by }: StopReason): Step {
  const wave = newestWave(rollout);
  const returns = returnChanges(rollout, at);
  const untouched = devicesOf(rollout).filter(({ state }) => state === "waiting").length;
  const back = devicesOf(rollout).filter(isTouched).length;
  const sentence = [
    why,
    back === 0
      ? "No device has to go back."
      : `${some(back, "device goes back to what it", "devices go back to what they")} ran before.`,
    untouched === 0 ? "" : `${some(untouched, "device was", "devices were")} never asked.`,
  ]
    .filter((part) => part !== "")
    .join(" ");
  return {
    kind: cause === "aborted" ? "abort" : "stop",
    sentence,
    ...(by === undefined ? {} : { by }),
    rollout: { state: cause === "aborted" ? "aborted" : "stopped", cause, endedAt: at },
    waves:
      wave === undefined
        ? []
        : [{ number: wave.number, state: "stopped", decidedAt: at, ...(verdict == null ? {} : { verdict }) }],
    ...returns,
  };
}

type StopReason = {
  readonly cause: NonNullable<Rollout["cause"]>;
  readonly at: number;
  readonly why: string;
  readonly verdict?: Verdict | null;
  readonly by?: string;
};

function noteProgress(rollout: Rollout, { progress }: RolloutFacts): Step | undefined {
  const changes: DeviceChange[] = [];
  for (const device of devicesOf(rollout)) {
    const found = progress.get(device.device);
    const change = found === undefined ? undefined : changeOf(device, found);
    if (change !== undefined) changes.push(change);
    if (changes.length === mostPerStep) break;
  }
  if (changes.length === 0) return undefined;
  return { kind: "note", sentence: noteSentence(changes), devices: changes };
}

function changeOf(device: RolloutDevice, found: DeviceProgress): DeviceChange | undefined {
  const { state } = device;
  if (state === "refused" || state === "returned" || state === "left") return undefined;
  if (found.gone !== null) return { device: device.device, state: "left", reason: found.gone };
  if (state !== "waiting" && found.refusal !== null)
    return { device: device.device, state: "refused", reason: found.refusal };
  const comes = state === "offered" && found.firstPredictionAt !== null;
  const differs = found.contradiction !== device.reason;
  if (!comes && !differs) return undefined;
  return {
    device: device.device,
    ...(comes ? { state: "running", firstPredictionAt: found.firstPredictionAt } : {}),
    ...(differs ? { reason: found.contradiction } : {}),
  };
}

function noteSentence(changes: readonly DeviceChange[]): string {
  const names = (all: readonly DeviceChange[]) => listed(all.map(({ device }) => device));
  const others = changes.filter(({ reason }) => reason != null);
  const running = changes.filter(({ state, reason }) => state === "running" && reason == null);
  const cleared = changes.filter(({ state, reason }) => state === undefined && reason === null);
  return [
    ...(running.length === 0
      ? []
      : [`${names(running)} ${running.length === 1 ? "answers" : "answer"} by the new release.`]),
    ...others.slice(0, 5).map(({ device, reason }) => `${device}: ${reason}`),
    ...(others.length > 5 ? [`And ${some(others.length - 5, "more device", "more devices")}.`] : []),
    ...(cleared.length === 0
      ? []
      : [`${names(cleared)} no longer ${cleared.length === 1 ? "contradicts itself" : "contradict themselves"}.`]),
  ].join(" ");
}

function stopForRefusals(rollout: Rollout, { now, verdict }: RolloutFacts): Step | undefined {
  for (const wave of rollout.waves) {
    const refused = wave.devices.filter(({ state }) => state === "refused");
    const most = mostRefusals(rollout.gate, wave);
    if (refused.length < most) continue;
    const first = refused[0]!;
    const why = `Stopped in wave ${wave.number}: ${refused.length} of ${some(wave.devices.length, "device", "devices")} did not start the release (${most} ${most === 1 ? "is" : "are"} enough to stop); ${first.device}: ${first.reason ?? "no reason given"}`;
    return stopStep(rollout, { cause: "cannot-start", at: now, why, verdict });
  }
  return undefined;
}

function stopForHarm(rollout: Rollout, { now, verdict }: RolloutFacts): Step | undefined {
  const wave = newestWave(rollout);
  if (wave === undefined || verdict?.decision !== "harm") return undefined;
  const why = `Stopped in wave ${wave.number}: ${verdict.sentence}`;
  return stopStep(rollout, { cause: "harm", at: now, why, verdict });
}

function closeWave(rollout: Rollout, { now, verdict }: RolloutFacts): Step | undefined {
  const wave = rollout.waves.find(({ state }) => state === "open");
  if (wave === undefined) return undefined;
  if (wave.devices.every(({ state }) => state === "left")) return closeDeserted(wave, now);
  const isNew = wave.devices.every(({ state, previous }) => state === "left" || previous === null);
  if (!isNew && verdict?.decision !== "healthy") return undefined;
  const answering = wave.devices.filter(isEvidence).length;
  const isWhole = wave.devices.every(({ state }) => state !== "waiting");
  const hasSoaked = wave.openedAt !== null && now - wave.openedAt >= rollout.soakMs;
  if (!isWhole || !hasSoaked || answering < leastAnswering(rollout.gate, wave)) return undefined;
  const sentence = `Wave ${wave.number} is healthy: ${answering} of ${some(wave.devices.length, "device answers", "devices answer")} by the release. ${isNew ? "They ran nothing before, so there is nothing to compare them with." : (verdict?.sentence ?? "")}`;
  return {
    kind: "wave-healthy",
    sentence,
    waves: [{ number: wave.number, state: "healthy", decidedAt: now, verdict }],
  };
}

function closeDeserted({ number }: Wave, now: number): Step {
  const sentence = `Wave ${number} has nobody left to ask, so the next one goes on.`;
  return { kind: "wave-healthy", sentence, waves: [{ number, state: "healthy", decidedAt: now }] };
}

/** Silence is not health: a wave that could not be judged in its longest time ends the rollout. */
function stopForTooLittle(rollout: Rollout, { now, verdict }: RolloutFacts): Step | undefined {
  const wave = rollout.waves.find(({ state }) => state === "open");
  if (wave?.openedAt == null || now - Math.max(wave.openedAt, rollout.resumedAt) < rollout.longestSoakMs)
    return undefined;
  const answering = wave.devices.filter(isEvidence).length;
  const least = leastAnswering(rollout.gate, wave);
  const lacking =
    answering < least
      ? `only ${answering} of ${some(wave.devices.length, "device", "devices")} answered by the release where ${least} must`
      : (verdict?.sentence ?? "nothing was reported that could be judged.");
  const why = `Stopped in wave ${wave.number}: too little data after ${seconds(rollout.longestSoakMs)}, ${lacking}${lacking.endsWith(".") ? "" : "."}`;
  return stopStep(rollout, { cause: "too-little-data", at: now, why, verdict });
}

function openWave(rollout: Rollout, { now }: RolloutFacts): Step | undefined {
  if (rollout.waves.some(({ state }) => state === "open")) return undefined;
  const wave = rollout.waves.find(({ state }) => state === "waiting");
  if (wave === undefined) return undefined;
  return { ...offer(rollout, wave, now, "open-wave"), waves: [{ number: wave.number, state: "open", openedAt: now }] };
}

function offerRest(rollout: Rollout, { now }: RolloutFacts): Step | undefined {
  const wave = rollout.waves.find(({ state }) => state === "open");
  if (wave === undefined || wave.devices.every(({ state }) => state !== "waiting")) return undefined;
  return offer(rollout, wave, now, "offer");
}

function offer(rollout: Rollout, wave: Wave, now: number, kind: "open-wave" | "offer"): Step {
  const waiting = wave.devices.filter(({ state }) => state === "waiting").slice(0, mostPerStep);
  const verb = kind === "open-wave" ? "opens and asks" : "asks";
  return {
    kind,
    sentence: `Wave ${wave.number} of ${rollout.waves.length} (${wave.share}) ${verb} ${listed(waiting.map(({ device }) => device))}.`,
    devices: waiting.map(({ device }) => ({ device, state: "offered", offeredAt: now, reason: null })),
    wanted: waiting.map(({ device }) => ({ device, release: rollout.release })),
  };
}

/** Ends a rollout whose waves are all healthy, once everybody came and stayed well for the soak, or was waited for enough. */
function complete(rollout: Rollout, { now }: RolloutFacts): Step | undefined {
  if (rollout.waves.some(({ state }) => state !== "healthy")) return undefined;
  const devices = devicesOf(rollout);
  const away = devices.filter(({ state }) => state === "offered");
  const lastDecided = Math.max(...rollout.waves.map(({ decidedAt }) => decidedAt ?? 0), rollout.resumedAt);
  const isOver = now - lastDecided >= rollout.gate.latecomersMs;
  const isSoaking = devices.some(
    ({ state, firstPredictionAt }) => state === "running" && now - (firstPredictionAt ?? now) < rollout.soakMs,
  );
  if (!isOver && (away.length > 0 || isSoaking)) return undefined;
  const running = devices.filter(({ state }) => state === "running").length;
  const sentence = `Completed: ${running} of ${some(devices.length, "device answers", "devices answer")} by the release.`;
  return {
    kind: "complete",
    sentence: away.length === 0 ? sentence : `${sentence} ${awaySentence(rollout, away)}`,
    rollout: { state: "completed", endedAt: now },
    ...returnChanges({ ...rollout, state: "completed" }, now),
  };
}

function awaySentence({ gate }: Rollout, away: readonly RolloutDevice[]): string {
  return `${listed(away.map(({ device }) => device))} did not come within ${seconds(gate.latecomersMs)} and ${away.length === 1 ? "is" : "are"} taken back, so that nobody takes the release unwatched.`;
}

function giveBack(rollout: Rollout, { now }: RolloutFacts): Step | undefined {
  const { devices, wanted } = returnChanges(rollout, now);
  if (devices.length === 0) return undefined;
  return { kind: "return", sentence: `${listed(devices.map(({ device }) => device))} go back.`, devices, wanted };
}

/** A completed rollout takes back only what is not running by it. */
function returnChanges(rollout: Rollout, at: number): Required<Pick<Step, "devices" | "wanted">> {
  const back = devicesOf(rollout)
    .filter((device) => isTouched(device) && !(rollout.state === "completed" && device.state === "running"))
    .slice(0, mostPerStep);
  return {
    devices: back.map(({ device, state }) => ({
      device,
      returnedAt: at,
      ...(state === "refused" ? {} : { state: "returned" as const }),
    })),
    wanted: back.flatMap(({ device, previous }) => (previous === null ? [] : [{ device, release: previous }])),
  };
}
