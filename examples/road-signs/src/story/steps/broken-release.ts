import type { WaveRecord } from "../../report/loop-report.ts";
import { failingGoldenRelease } from "../bad-releases.ts";
import { answeringOf } from "../fleet.ts";
import { followRollout, wavesOf } from "../follow-rollout.ts";
import { runStep, type Story } from "../story.ts";
import { type Meanwhile, whilePlaying } from "../while-playing.ts";
import { waveText } from "./waves.ts";

/** How a release that cannot start fared: how many frames it answered anywhere, how the rollout ended and why. */
export type BrokenDone = {
  readonly framesAnswered: number;
  readonly state: string;
  readonly cause: string | null;
  readonly reason: string;
  readonly waves: readonly WaveRecord[];
  readonly meanwhile: Meanwhile;
};

/** v2a fails its golden samples on the first camera that is asked: it never answers, and the others are never asked. */
export function offerBroken(story: Story, version: string): Promise<BrokenDone> {
  return runStep(story, "Broken", async (progress) => {
    const release = await failingGoldenRelease(story, version);
    const { result: rollout, meanwhile } = await whilePlaying(story, "field", () =>
      followRollout(story, release, progress),
    );
    const answering = answeringOf(await (await story.fleet()).counts(), release);
    const framesAnswered = [...answering.values()].reduce((sum, { frames }) => sum + frames, 0);
    const { state, cause } = rollout;
    const waves = wavesOf(rollout);
    const reason = rollout.reason ?? "";
    return {
      result: { framesAnswered, state, cause, reason, waves, meanwhile },
      figures: [`v2a answered ${framesAnswered} frames; the rollout ${state}: ${reason}`, ...waves.flatMap(waveText)],
    };
  });
}
