import { setTimeout as sleep } from "node:timers/promises";
import { bytesText, wholeText } from "../../report/figure-text.ts";
import { cameras } from "../cameras.ts";
import { totalOf } from "../fleet.ts";
import { runStep, type Story } from "../story.ts";
import { readWindows } from "./drift.ts";

/** What dusk left: since when it lasts, and how many frames were shown and kept. */
export type Dusk = {
  readonly from: number;
  readonly frames: number;
  readonly samples: number;
  readonly audited: number;
  readonly bytes: { readonly up: number; readonly down: number };
};

/** How long dusk lasts at least, so that every camera fills windows; a short field is looped. */
const leastSeconds = 25;

/** Step 4: the field plays once; the cameras answer, journal and send predictions, sketches and chosen samples. */
export function meetDusk(story: Story): Promise<Dusk> {
  const { client, data, options } = story;
  return runStep(story, "Dusk", async (progress) => {
    const frames = Math.max(
      Math.ceil(data.field.reduce((sum, track) => sum + track.frames.length, 0) / cameras.length),
      leastSeconds * options.framesPerSecond,
    );
    await sleep(50); // the first dark frame is younger than `from`
    const from = Date.now();
    const fleet = await story.fleet();
    const before = totalOf(await fleet.counts());
    const playing = fleet.play("field", frames, options.framesPerSecond);
    await readWindows(story, {
      from,
      windows: Math.floor(frames / options.framesPerSecond / 5),
      whenDone: playing,
      progress,
    });
    await playing;
    const after = totalOf(await fleet.counts());
    const kept = { samples: 0, audited: 0 };
    for await (const sample of client.allSamples({ source: "device", from })) {
      kept.samples += 1;
      if (sample.audit) kept.audited += 1;
    }
    return {
      result: { from, frames: after.shown - before.shown, ...kept, bytes: after.bytes },
      figures: [
        `${wholeText(after.shown - before.shown)} dark frames on ${cameras.length} cameras, ${wholeText(after.answered - before.answered)} answered`,
        `${wholeText(kept.samples)} samples sent, ${kept.audited} of them audited`,
        `${bytesText(after.bytes.up - before.bytes.up)} up`,
      ],
    };
  });
}
