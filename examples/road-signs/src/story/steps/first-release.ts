import { profiles } from "@fieldloop/devices";
import { shortDigest } from "../../report/figure-text.ts";
import { enrolDevice } from "../enrol-device.ts";
import { deviceName, runStep, type Story } from "../story.ts";
import { driftSince, readWindows } from "./drift.ts";
import { moveDeviceTo, signRelease } from "./release.ts";

/** What the first release leaves: its digest and the drift scores while the world is still the old one. */
export type FirstRelease = {
  readonly release: string;
  readonly driftBefore: number;
  readonly threshold: number;
  readonly windows: number;
  readonly silent: boolean;
};

/** Windows of the old world that the detector must stay silent on. */
const oldWindows = 7;
const windowSeconds = 5;

/** Step 3: enrol the device, release v1 to it, and show it old validation tracks; the drift detector must stay silent. */
export function releaseFirst(story: Story, version: string): Promise<FirstRelease> {
  const { client, options } = story;
  return runStep(story, "Release", async (progress) => {
    await enrolOnce(story);
    const release = await signRelease(story, version);
    const { number, seconds } = await moveDeviceTo(story, release);
    const from = Date.now();
    const frames = (oldWindows + 1) * windowSeconds * options.framesPerSecond;
    const reader = await story.reader();
    const playing = reader.ask(
      { kind: "play", scene: "old", frames, framesPerSecond: options.framesPerSecond },
      "played",
    );
    await readWindows(story, { from, frames: oldWindows, whenDone: playing, progress });
    const drift = await driftSince(client, release, from);
    const result = {
      release,
      driftBefore: Math.max(0, ...drift.windows.map(({ score }) => score)),
      threshold: drift.threshold,
      windows: drift.windows.length,
      silent: drift.alarm === undefined,
    };
    return {
      result,
      figures: [
        `${shortDigest(release)} runs as no. ${number} after ${seconds.toFixed(1)} s: signature, digests and golden samples hold`,
        `old tracks: drift ${result.silent ? "silent" : "ALARM"} over ${result.windows} windows (at most ${result.driftBefore.toFixed(2)} of ${result.threshold})`,
      ],
    };
  });
}

async function enrolOnce({ client, places }: Story): Promise<void> {
  const known = (await client.devices()).find(({ device }) => device === deviceName);
  if (known?.enrolled) return;
  const profile = profiles.find(({ processor }) => processor === (process.arch === "x64" ? "x86-64" : "arm64"));
  const { code } = await client.addDevice({ device: deviceName, profile: profile?.name ?? "x86-64" });
  await enrolDevice(code, places.device);
}
