import { shortDigest } from "../../report/figure-text.ts";
import { cameras } from "../cameras.ts";
import { runStep, type Story } from "../story.ts";
import { driftSince, readWindows } from "./drift.ts";
import { moveFleetTo, signRelease } from "./release.ts";

/** A camera as the report lists it, with the target whose variant it runs. */
export type CameraTarget = {
  readonly device: string;
  readonly profile: string;
  readonly simulated: boolean;
  readonly target: string;
};

/** What the first release leaves: its digest, who runs which variant, and the drift scores while the world is still the old one. */
export type FirstRelease = {
  readonly release: string;
  readonly devices: readonly CameraTarget[];
  readonly driftBefore: number;
  readonly threshold: number;
  readonly windows: number;
  readonly silent: boolean;
};

/** Windows of the old world that the detector must stay silent on. */
const oldWindows = 7;
const windowSeconds = 5;

/** Step 3: enrol the cameras, release v1 to them, and show them old validation tracks; the drift detector must stay silent. */
export function releaseFirst(story: Story, version: string): Promise<FirstRelease> {
  const { client, options } = story;
  return runStep(story, "Release", async (progress) => {
    const fleet = await story.fleet();
    const release = await signRelease(story, version);
    const { seconds } = await moveFleetTo(story, release);
    const devices = await targetsOf(story, release);
    const from = Date.now();
    const frames = (oldWindows + 1) * windowSeconds * options.framesPerSecond;
    const playing = fleet.play("old", frames, options.framesPerSecond);
    await readWindows(story, { from, windows: oldWindows, whenDone: playing, progress });
    const reports = await driftSince(client, { release, from });
    const result = {
      release,
      devices,
      driftBefore: Math.max(0, ...reports.flatMap(({ windows }) => windows.map(({ score }) => score))),
      threshold: reports[0]?.threshold ?? 0,
      windows: Math.min(...reports.map(({ windows }) => windows.length)),
      silent: reports.every(({ alarm }) => alarm === undefined),
    };
    return {
      result,
      figures: [
        `${shortDigest(release)} runs on ${cameras.length} cameras after ${seconds.toFixed(1)} s: signature, digests and golden samples hold`,
        ...devices.map(cameraText),
        `old tracks: drift ${result.silent ? "silent" : "ALARM"} over ${result.windows} windows on each (at most ${result.driftBefore.toFixed(2)} of ${result.threshold})`,
      ],
    };
  });
}

async function targetsOf({ client }: Story, release: string): Promise<CameraTarget[]> {
  const { profiles } = await client.release(release);
  return cameras.map(({ name, profile, simulated }) => ({
    device: name,
    profile,
    simulated,
    target: profiles[profile]?.target ?? "none",
  }));
}

function cameraText({ device, profile, simulated, target }: CameraTarget): string {
  return `${device}: ${profile}${simulated ? " (simulated)" : ""}, runs ${target}`;
}
