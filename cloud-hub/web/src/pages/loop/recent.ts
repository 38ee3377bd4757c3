import type { Device } from "../../api/device.ts";
import type { Rollout } from "../../api/rollout.ts";

/** Something that happened, newest first in the list. to: the page that says more */
export type Happening = {
  readonly key: string;
  readonly at: number;
  readonly subject: string;
  readonly sentence: string;
  readonly to: string;
  readonly tone: "good" | "bad" | "idle";
};

/** The newest things that happened in the loop: steps of rollouts, and devices that joined. */
export function recentHappenings(
  rollouts: readonly Rollout[],
  devices: readonly Device[],
  atMost: number,
): readonly Happening[] {
  const steps = rollouts.flatMap(({ id, group, steps: taken }) =>
    taken.map(({ step, at, kind, sentence }) => ({
      key: `${id}/${step}`,
      at,
      subject: `Rollout to ${group}`,
      sentence,
      to: `/rollouts/${id}`,
      tone: toneOf(kind),
    })),
  );
  const joined = devices.map(({ device, createdAt, profile }) => ({
    key: `device/${device}`,
    at: createdAt,
    subject: device,
    sentence: `Added with profile ${profile}.`,
    to: `/devices/${device}`,
    tone: "idle" as const,
  }));
  return [...steps, ...joined].toSorted((a, b) => b.at - a.at).slice(0, atMost);
}

function toneOf(kind: string): Happening["tone"] {
  if (/harm|stop|refus|return|abort/.test(kind)) return "bad";
  return /complete|healthy/.test(kind) ? "good" : "idle";
}
