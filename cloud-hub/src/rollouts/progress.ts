import type { Rollout, RolloutDevice, RolloutGate, Wave } from "./rollout.ts";

/** What the hub knows of a device since the rollout asked it. */
export type DeviceProgress = {
  /** When its first frame was answered by the rollout's release, hub time. */
  readonly firstPredictionAt: number | null;
  /** It did not take the release, or fell back from it; passing reasons (an interrupted download) are none. */
  readonly refusal: string | null;
  /** What it says of its release and what its windows say do not agree. */
  readonly contradiction: string | null;
  /** Why it can no longer be asked: its credential was revoked. */
  readonly gone: string | null;
};

/** Every device of the rollout in the order in which they are asked. */
export const devicesOf = (rollout: Rollout): readonly RolloutDevice[] =>
  rollout.waves.flatMap(({ devices }) => devices);

/** The last wave that was opened, if any was. */
export const newestWave = (rollout: Rollout): Wave | undefined =>
  rollout.waves.findLast(({ state }) => state !== "waiting");

/** Whether a device's windows by the new release are evidence: it answers by it and does not contradict itself. */
export const isEvidence = (device: RolloutDevice): boolean => device.state === "running" && device.reason === null;

/** Whether a device was asked and must be given its previous release when the rollout does not go on. */
export const isTouched = ({ state, previous, returnedAt }: RolloutDevice): boolean =>
  previous !== null && returnedAt === null && (state === "offered" || state === "running" || state === "refused");

/** Whether the rollout has ended, so that it only gives devices back. */
export const hasEnded = ({ state }: Pick<Rollout, "state">): boolean => state !== "running" && state !== "paused";

/** How many refusals stop the rollout in a wave. */
export function mostRefusals(gate: RolloutGate, wave: Wave): number {
  const { first, later } = gate.refusals;
  const share = wave.number === 1 ? first : later;
  if (typeof share === "number") return share;
  return Math.max(1, Math.ceil((Number(share.slice(0, -1)) * wave.devices.length) / 100));
}

/** How many devices of a wave must have answered before it can be healthy. */
export function leastAnswering(gate: RolloutGate, wave: Wave): number {
  const asked = wave.devices.filter(({ state }) => state !== "left").length;
  return Math.max(1, Math.ceil(gate.health.leastReporting * asked));
}
