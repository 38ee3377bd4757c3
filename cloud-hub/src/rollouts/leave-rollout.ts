import type { Hub } from "../hub-parts.ts";
import { heldDevices, heldElsewhere } from "./apply-rollout.ts";
import { getRollout } from "./load-rollout.ts";
import { hasEnded } from "./progress.ts";
import { takeStepInTurn } from "./take-step.ts";

/** A release that somebody wants on a device by hand. */
type ByHand = { readonly device: string; readonly release: string; readonly force: boolean; readonly by: string };

/**
 * Takes a device out of its rollout when somebody insists on giving it a release by hand, in one decision with that desired
 * state; to be called in the turn of desired states. Returns its number, or nothing when no rollout has the device.
 * @throws {HubError} `rollout-conflict` unless forced
 */
export async function leaveRollout(hub: Hub, { device, release, force, by }: ByHand): Promise<number | undefined> {
  const held = await hub.rows<{ device: string; rollout: string }>(heldDevices, [hub.fleet, [device]]);
  if (held.length === 0) return undefined;
  if (!force) throw heldElsewhere(held);
  const rollout = await getRollout(hub, held[0]!.rollout);
  const reason = `${by} gave it release ${release.slice(7, 19)} by hand.`;
  const step = {
    kind: "leave" as const,
    sentence: `${device} leaves the rollout: ${reason}`,
    by,
    devices: [{ device, state: "left" as const, reason, ...(hasEnded(rollout) ? { returnedAt: hub.clock() } : {}) }],
    wanted: [{ device, release }],
  };
  const { numbers } = await takeStepInTurn(hub, rollout, step, hub.clock());
  return numbers.get(device);
}
