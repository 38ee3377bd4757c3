import { setTimeout as sleep } from "node:timers/promises";
import { ExampleError } from "../../errors.ts";
import { shortDigest, wholeText } from "../../report/figure-text.ts";
import type { WaveRecord } from "../../report/loop-report.ts";
import { waveText } from "../../report/wave-text.ts";
import { answeringOf, totalOf } from "../fleet.ts";
import { followRollout, gatherPast, wavesOf } from "../follow-rollout.ts";
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

/** Step 8: while frames keep arriving, v2 goes out in two waves; the second opens only when the first is healthy. */
export function rollOutInWaves(story: Story, version: string): Promise<WavesDone> {
  return runStep(story, "Waves", async (progress) => {
    const release = await signRelease(story, version);
    const fleet = await story.fleet();
    const shown = async () => totalOf(await fleet.counts()).shown;
    const { result, meanwhile } = await whilePlaying(story, "field", async () => {
      await gatherPast();
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
