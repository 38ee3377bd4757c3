import type { Scene } from "../reader/playlist.ts";
import { totalOf } from "./fleet.ts";
import type { Story } from "./story.ts";

/** What the cameras and the wire did meanwhile. */
export type Meanwhile = {
  readonly shown: number;
  readonly unanswered: number;
  readonly bytes: { readonly up: number; readonly down: number };
};

/** Does `work` while frames of a scene keep arriving, then waits until every one of them is answered or counted. */
export async function whilePlaying<T>(
  story: Story,
  scene: Scene,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly meanwhile: Meanwhile }> {
  const fleet = await story.fleet();
  const before = totalOf(await fleet.counts());
  const playing = fleet.play(scene, "until-stopped", story.options.framesPerSecond);
  let result: T;
  try {
    result = await work();
  } finally {
    await fleet.stop();
  }
  await playing;
  const counts = totalOf(await fleet.counts());
  const shown = counts.shown - before.shown;
  return {
    result,
    meanwhile: {
      shown,
      unanswered: shown - (counts.answered - before.answered),
      bytes: { up: counts.bytes.up - before.bytes.up, down: counts.bytes.down - before.bytes.down },
    },
  };
}
