import { HubError } from "../errors.ts";
import type { Hub } from "../hub-parts.ts";
import { getRollout } from "./load-rollout.ts";
import { stopStep } from "./next-step.ts";
import type { Rollout } from "./rollout.ts";
import type { Step } from "./step.ts";
import { isStale, takeStep } from "./take-step.ts";

/** What a person tells a rollout, and why. */
export type Command = { readonly command: "pause" | "resume" | "abort"; readonly by: string; readonly reason?: string };

const mostTries = 10;

/**
 * Pauses a running rollout, resumes a paused one, or aborts either, which gives every asked device its previous release.
 * @throws {HubError} `not-found`, `wrong-state`
 */
export async function commandRollout(hub: Hub, id: string, command: Command): Promise<Rollout> {
  for (let tries = 1; ; tries += 1) {
    const rollout = await getRollout(hub, id);
    const at = hub.clock();
    try {
      await takeStep(hub, rollout, stepOf(rollout, command, at), at);
      hub.rollouts.wake();
      return await getRollout(hub, id);
    } catch (error) {
      if (!isStale(error) || tries >= mostTries) throw error;
    }
  }
}

function stepOf(rollout: Rollout, { command, by, reason }: Command, at: number): Step {
  const why = reason === undefined ? "" : ` ${reason}`;
  if (command === "abort") {
    requireState(rollout, command, ["running", "paused"]);
    return stopStep(rollout, { cause: "aborted", at, by, why: `Aborted by ${by}.${why}` });
  }
  if (command === "pause") {
    requireState(rollout, command, ["running"]);
    const sentence = `Paused by ${by}: no further device is asked; those that were are still judged.${why}`;
    return { kind: "pause", sentence, by, rollout: { state: "paused" } };
  }
  requireState(rollout, command, ["paused"]);
  return { kind: "resume", sentence: `Resumed by ${by}.${why}`, by, rollout: { state: "running", resumedAt: at } };
}

function requireState({ id, state, reason }: Rollout, command: string, allowed: readonly Rollout["state"][]): void {
  if (allowed.includes(state)) return;
  throw new HubError(
    "wrong-state",
    `Expected rollout ${id} to be ${allowed.join(" or ")} to ${command} it, it is ${state}: ${reason}`,
  );
}
