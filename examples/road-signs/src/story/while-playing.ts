import type { Scene } from "../reader/playlist.ts";
import type { Story } from "./story.ts";

/** What the camera and the wire did meanwhile. */
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
  const reader = await story.reader();
  const before = (await reader.ask({ kind: "count" }, "counted")).counts;
  const framesPerSecond = story.options.framesPerSecond;
  const playing = reader.ask({ kind: "play", scene, frames: "until-stopped", framesPerSecond }, "played");
  let result: T;
  try {
    result = await work();
  } finally {
    await reader.ask({ kind: "stop" }, "counted");
  }
  const { counts } = await playing;
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
