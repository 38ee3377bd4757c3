import { runStep, type Story } from "../story.ts";
import { driftSince } from "./drift.ts";

/** What the hub noticed: the last score, and after how many windows it raised the alarm, if it did. */
export type Noticed = { readonly driftAfter: number; readonly windowsToAlarm: number | null };

/** Step 5: the hub compares the sketches with the training reference. */
export function noticeDrift(story: Story, release: string, from: number): Promise<Noticed> {
  return runStep(story, "Notice", async () => {
    const { windows, alarm, threshold } = await driftSince(story.client, release, from);
    const driftAfter = windows.at(-1)?.score ?? 0;
    const figures =
      alarm === undefined
        ? [`no alarm in ${windows.length} windows (last score ${driftAfter.toFixed(2)} of ${threshold})`]
        : [`alarm after ${alarm.windows} windows`, `score ${driftAfter.toFixed(1)} of ${threshold}`, alarm.explanation];
    return { result: { driftAfter, windowsToAlarm: alarm?.windows ?? null }, figures };
  });
}
