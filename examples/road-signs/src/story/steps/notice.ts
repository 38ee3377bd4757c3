import { cameras } from "../cameras.ts";
import { runStep, type Story } from "../story.ts";
import { driftSince } from "./drift.ts";

/** What the hub noticed: the highest last score, and the windows until every camera had raised the alarm, if all did. */
export type Noticed = { readonly driftAfter: number; readonly windowsToAlarm: number | null };

/** Step 5: the hub compares each camera's sketches with the training reference. */
export function noticeDrift(story: Story, release: string, from: number): Promise<Noticed> {
  return runStep(story, "Notice", async () => {
    const reports = await driftSince(story.client, { release, from });
    const driftAfter = Math.max(...reports.map(({ windows }) => windows.at(-1)?.score ?? 0));
    const alarms = reports.flatMap(({ alarm }) => alarm ?? []);
    const windowsToAlarm = alarms.length === cameras.length ? Math.max(...alarms.map(({ windows }) => windows)) : null;
    const threshold = reports[0]?.threshold ?? 0;
    const figures =
      windowsToAlarm === null
        ? [
            `alarm on ${alarms.length} of ${cameras.length} cameras (last score ${driftAfter.toFixed(2)} of ${threshold})`,
          ]
        : [
            `alarm on all ${cameras.length} cameras after ${windowsToAlarm} windows at most`,
            `score up to ${driftAfter.toFixed(1)} of ${threshold}`,
            ...alarms.slice(0, 1).map(({ explanation }) => explanation),
          ];
    return { result: { driftAfter, windowsToAlarm }, figures };
  });
}
