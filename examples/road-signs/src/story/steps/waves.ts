import { setTimeout as sleep } from "node:timers/promises";
import { ExampleError } from "../../errors.ts";
import { secondsText, shortDigest, wholeText } from "../../report/figure-text.ts";
import type { WaveRecord } from "../../report/loop-report.ts";
import { answeringOf, totalOf } from "../fleet.ts";
import { followRollout, wavesOf } from "../follow-rollout.ts";
import { runStep, type Story } from "../story.ts";
import { type Meanwhile, whilePlaying } from "../while-playing.ts";
import { signRelease } from "./release.ts";

/** What rolling v2 out left: its digest, its waves, and what frames did between the offer and the last camera's swap. */
export type WavesDone = {
  readonly release: string;
  readonly waves: readonly WaveRecord[];
  readonly frames: number;
  readonly meanwhile: Meanwhile;
};

/** Frames that must arrive between the offer and the end of the last swap. */
const leastFrames = 300;
/** How long the cameras answer with v1 before the rollout, so that every one has a past to be compared with. */
const pastMs = 10_000;

/** Step 8: while frames keep arriving, v2 goes out in two waves; the second opens only when the first is healthy. */
export function rollOutInWaves(story: Story, version: string): Promise<WavesDone> {
  return runStep(story, "Waves", async (progress) => {
    const release = await signRelease(story, version);
    const fleet = await story.fleet();
    const shown = async () => totalOf(await fleet.counts()).shown;
    const { result, meanwhile } = await whilePlaying(story, "field", async () => {
      await sleep(pastMs);
      const start = await shown();
      const rollout = await followRollout(story, release, progress);
      while ((await shown()) < start + leastFrames) await sleep(100);
      return { rollout, frames: (await shown()) - start };
    });
    const { rollout, frames } = result;
    if (rollout.state !== "completed")
      throw new ExampleError(
        "step-failed",
        `Expected v2 to pass its waves, the rollout ${rollout.state}: ${rollout.reason}`,
      );
    const waves = wavesOf(rollout);
    const reached = answeringOf(await fleet.counts(), release).size;
    return {
      result: { release, waves, frames, meanwhile },
      figures: [
        `${shortDigest(release)} answers on ${reached} cameras`,
        ...waves.flatMap(waveText),
        `${wholeText(frames)} frames while swapping, ${meanwhile.unanswered} unanswered`,
      ],
    };
  });
}

/** A wave in lines: who, how long, why, and each rule's figure beside its limits. */
export function waveText({ number, state, devices, ms, sentence, rules }: WaveRecord): string[] {
  if (state === "waiting") return [`wave ${number} (${devices.join(", ")}): never asked`];
  const took = ms === null ? "" : ` after ${secondsText(ms / 1000)}`;
  return [`wave ${number} (${devices.join(", ")}): ${state}${took}. ${sentence ?? ""}`.trim(), ...rules.map(ruleText)];
}

const marks: Readonly<Record<string, string>> = { healthy: "✓", harm: "✗" };

function ruleText({ title, verdict, value, low, high, harmAbove, healthyBelow }: WaveRecord["rules"][number]): string {
  const found =
    value === null || low === null || high === null
      ? "not measured"
      : `${signed(value)} [${signed(low)}, ${signed(high)}]`;
  return `${marks[verdict] ?? "…"} ${title}: ${found}; harm above ${harmAbove}, healthy below ${healthyBelow}`;
}

function signed(value: number): string {
  const text = Math.abs(value).toLocaleString("en-US", { maximumSignificantDigits: 2 });
  return value < 0 ? `−${text}` : `+${text}`;
}
