import { setTimeout as sleep } from "node:timers/promises";
import type { Rollout } from "@fieldloop/cloud-hub";
import type { RolloutEnd, WaveRecord } from "../report/loop-report.ts";
import type { Progress } from "../terminal/progress.ts";
import { groupName } from "./cameras.ts";
import type { Story } from "./story.ts";

/** One device first, the others only when it is healthy. */
const waves = [1, "100%"] as const;
const soakMs = 10_000;
const longestSoakMs = 120_000;
/** All cameras, the hub and its training share this machine's cores: latency wanders here by more than a release would cost. */
const gate = { health: { rules: { latency: { enabled: false } } } };
const pastMs = 10_000;
const pollMs = 250;

/** Rolls a release out to all cameras in two waves and follows it to its end. */
export async function followRollout(story: Story, release: string, progress: Progress): Promise<Rollout> {
  const { client } = story;
  const asked = { release, group: groupName, waves: [...waves], soakMs, longestSoakMs, gate };
  const { id } = await client.startRollout(asked);
  for (;;) {
    const rollout = await client.rollout(id);
    if (rollout.state !== "running") return rollout;
    const open = rollout.waves.findLastIndex(({ state }) => state !== "waiting") + 1;
    progress.show(open, waves.length, `waves, ${rollout.waves[open - 1]?.verdict?.decision ?? "opening"}`);
    await sleep(pollMs);
  }
}

/** Lets the cameras answer for a while before a rollout, so that every one has a past to be compared with. */
export const gatherPast = (): Promise<void> => sleep(pastMs);

/** How a rollout ended, as the report tells it. */
export function endOf(rollout: Rollout): RolloutEnd {
  const { state, cause, reason } = rollout;
  return { state, cause, reason, waves: wavesOf(rollout) };
}

/** A rollout's waves as the report tells them. */
export function wavesOf({ waves }: Rollout): WaveRecord[] {
  return waves.map(({ number, state, devices, openedAt, decidedAt, verdict }) => ({
    number,
    state,
    devices: devices.map(({ device }) => device),
    ms: openedAt === null || decidedAt === null ? null : decidedAt - openedAt,
    sentence: verdict?.sentence ?? null,
    rules:
      verdict?.rules.map(({ title, verdict, value, low, high, harmAbove, healthyBelow, n, sentence }) => {
        return { title, verdict, value, low, high, harmAbove, healthyBelow, n, sentence };
      }) ?? [],
  }));
}
