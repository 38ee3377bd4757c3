import type { Hub } from "../hub-parts.ts";
import { newestWave } from "./progress.ts";
import type { Rollout } from "./rollout.ts";

/** A rollout with what the rules say now of its newest wave, where that is not decided yet. */
export function withLiveVerdict(hub: Pick<Hub, "rollouts">, rollout: Rollout): Rollout {
  const verdict = hub.rollouts.verdictOf(rollout.id);
  const newest = newestWave(rollout)?.number;
  if (verdict === undefined || rollout.state === "stopped" || rollout.state === "aborted") return rollout;
  return {
    ...rollout,
    waves: rollout.waves.map((wave) => (wave.number === newest && wave.state === "open" ? { ...wave, verdict } : wave)),
  };
}
