import { randomUUID } from "node:crypto";
import { HubError } from "../errors.ts";
import { inDesiredTurn, signNext } from "../fleet/desired-turn.ts";
import type { Hub } from "../hub-parts.ts";
import type { RolloutStepDecision } from "./apply-rollout.ts";
import type { Rollout } from "./rollout.ts";
import { afterStep, type DeviceChange, type Step } from "./step.ts";

/**
 * Decides a step together with the desired states that it causes, then sends these to the devices that are connected.
 * Returns the rollout as it stands then. @throws {HubError} `stale-step` when another step came first
 */
export async function takeStep(hub: Hub, rollout: Rollout, step: Step, at: number): Promise<Rollout> {
  const { after } = await inDesiredTurn(hub, () => takeStepInTurn(hub, rollout, step, at));
  await Promise.all((step.wanted ?? []).map(({ device }) => hub.publishDesired(device)));
  return after;
}

/** The same for a caller that has the turn already and sends what was decided itself. */
export async function takeStepInTurn(
  hub: Hub,
  rollout: Rollout,
  step: Step,
  at: number,
): Promise<{ readonly after: Rollout; readonly numbers: ReadonlyMap<string, number> }> {
  const { decision, after, numbers } = await signStep(hub, rollout, step, at);
  // Of two decisions after the same step the tables take the first, so an id of its own for each does no harm.
  await hub.decide("rollout-step", `rollout-step ${rollout.id} ${rollout.step + 1} ${randomUUID()}`, decision);
  return { after, numbers };
}

/** A step as it is decided, with the numbers and signatures that it needs; to be called in the turn of desired states. */
export async function signStep(
  hub: Hub,
  rollout: Rollout,
  { wanted = [], ...step }: Step,
  at: number,
): Promise<{
  readonly decision: RolloutStepDecision;
  readonly after: Rollout;
  readonly numbers: ReadonlyMap<string, number>;
}> {
  const desired = await signNext(hub, wanted, at);
  const numbers = new Map(desired.map(({ device, number }) => [device, number]));
  const numbered: Step = { ...step, devices: withNumbers(step.devices ?? [], numbers) };
  const decision = { ...numbered, rolloutId: rollout.id, after: rollout.step, at, desired };
  return { decision, after: afterStep(rollout, numbered, at), numbers };
}

function withNumbers(changes: readonly DeviceChange[], numbers: ReadonlyMap<string, number>): readonly DeviceChange[] {
  return changes.map((change) => {
    const number = numbers.get(change.device);
    return number === undefined ? change : { ...change, number };
  });
}

/** Whether a step came too late, so that its caller looks again. */
export const isStale = (error: unknown): boolean => error instanceof HubError && error.code === "stale-step";
