import type { RolloutEnd } from "../../report/loop-report.ts";
import { waveText } from "../../report/wave-text.ts";
import { failingGoldenRelease } from "../bad-releases.ts";
import { answeringOf, framesOf } from "../fleet.ts";
import { endOf, followRollout } from "../follow-rollout.ts";
import { runStep, type Story } from "../story.ts";
import { type Meanwhile, whilePlaying } from "../while-playing.ts";

/** How a release that cannot start fared: how many frames it answered anywhere, how the rollout ended and why. */
export type BrokenDone = RolloutEnd & {
  readonly framesAnswered: number;
  readonly meanwhile: Meanwhile;
};

/** v2a fails its golden samples on the first camera that is asked: it never answers, and the others are never asked. */
export function offerBroken(story: Story, version: string): Promise<BrokenDone> {
  return runStep(story, "Broken", async (progress) => {
    const release = await failingGoldenRelease(story, version);
    const { result: rollout, meanwhile } = await whilePlaying(story, "field", () =>
      followRollout(story, release, progress),
    );
    const framesAnswered = framesOf(answeringOf(await (await story.fleet()).counts(), release));
    const end = endOf(rollout);
    const ended = `v2a answered ${framesAnswered} frames; the rollout ${end.state}: ${end.reason}`;
    return { result: { framesAnswered, ...end, meanwhile }, figures: [ended, ...end.waves.flatMap(waveText)] };
  });
}
