import { encodeMessage, signDesiredState } from "@fieldloop/devices";
import type { Hub } from "../hub-parts.ts";
import type { DesiredStateDecision } from "./apply-desired-state.ts";

const turns = new WeakMap<Hub, Promise<unknown>>();

/** Runs what draws numbers of desired states, one after the other, so that each number is drawn once. */
export function inDesiredTurn<T>(hub: Hub, work: () => Promise<T>): Promise<T> {
  const result = (turns.get(hub) ?? Promise.resolve()).then(work);
  turns.set(
    hub,
    result.catch(() => undefined),
  );
  return result;
}

/** Draws the next number of each device and signs what it shall run; to be called in a turn, and decided in the same. */
export async function signNext(
  hub: Hub,
  wanted: readonly { readonly device: string; readonly release: string }[],
  issuedAt: number,
): Promise<readonly DesiredStateDecision[]> {
  if (wanted.length === 0) return [];
  const rows = await hub.rows<{ device: string; number: number }>(
    "select device, max(number) as number from desired_states where fleet = $1 and device = any($2::text[]) group by device",
    [hub.fleet, wanted.map(({ device }) => device)],
  );
  const last = new Map(rows.map(({ device, number }) => [device, number]));
  return wanted.map(({ device, release }) => {
    const number = (last.get(device) ?? 0) + 1;
    const state = { v: 1 as const, fleet: hub.fleet, device, number, release, issuedAt };
    const signed = encodeMessage("signed", signDesiredState(state, hub.keys.privateKey));
    return { device, number, release, issuedAt, signed };
  });
}
