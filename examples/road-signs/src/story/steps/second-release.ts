import { setTimeout as sleep } from "node:timers/promises";
import { shortDigest } from "../../report/figure-text.ts";
import type { Progress } from "../../terminal/progress.ts";
import { runStep, type Story } from "../story.ts";
import { type Meanwhile, whilePlaying } from "../while-playing.ts";
import { moveDeviceTo, signRelease } from "./release.ts";

/** What moving to v2 left: its digest, and the frames between the first offer and the last swap. */
export type SecondRelease = { readonly release: string; readonly frames: number; readonly meanwhile: Meanwhile };

/** Frames that must arrive between the first offer and the last swap. */
const leastFrames = 300;

/** Step 8: while frames keep arriving, the device goes to v2, back to v1 and to v2 again; every frame is counted. */
export function releaseSecond(story: Story, version: string, first: string): Promise<SecondRelease> {
  return runStep(story, "Second", async (progress) => {
    const release = await signRelease(story, version);
    const { result, meanwhile } = await whilePlaying(story, "field", () => swapThrice(story, release, first, progress));
    return {
      result: { release, frames: result.frames, meanwhile },
      figures: [
        `${shortDigest(release)} answered ${result.seconds.toFixed(1)} s after it was offered`,
        `three swaps (v2, back to v1, v2) within ${result.frames} frames, ${meanwhile.unanswered} unanswered`,
      ],
    };
  });
}

async function swapThrice(
  story: Story,
  release: string,
  first: string,
  progress: Progress,
): Promise<{ readonly frames: number; readonly seconds: number }> {
  const shown = async () => (await (await story.reader()).ask({ kind: "count" }, "counted")).counts.shown;
  const start = await shown();
  const untilShown = async (frames: number) => {
    for (let now = await shown(); now < start + frames; now = await shown()) {
      progress.show(now - start, leastFrames, "frames while swapping");
      await sleep(100);
    }
  };
  const { seconds } = await moveDeviceTo(story, release);
  await untilShown(leastFrames / 2);
  await moveDeviceTo(story, first);
  await untilShown(leastFrames);
  await moveDeviceTo(story, release);
  return { frames: (await shown()) - start, seconds };
}
