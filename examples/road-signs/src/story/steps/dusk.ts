import { setTimeout as sleep } from "node:timers/promises";
import { bytesText, wholeText } from "../../report/figure-text.ts";
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

/** Step 4: the field plays once; the device answers, journals and sends predictions, sketches and chosen samples. */
export function meetDusk(story: Story): Promise<Dusk> {
  const { client, data, options } = story;
  return runStep(story, "Dusk", async (progress) => {
    const frames = Math.max(
      data.field.reduce((sum, track) => sum + track.frames.length, 0),
      7 * 5 * options.framesPerSecond,
    );
    await sleep(50); // the first dark frame is younger than `from`
    const from = Date.now();
    const reader = await story.reader();
    const before = (await reader.ask({ kind: "count" }, "counted")).counts;
    const playing = reader.ask(
      { kind: "play", scene: "field", frames, framesPerSecond: options.framesPerSecond },
      "played",
    );
    await readWindows(story, {
      from,
      frames: Math.ceil(frames / options.framesPerSecond / 5),
      whenDone: playing,
      progress,
    });
    const { counts } = await playing;
    const after = (await reader.ask({ kind: "count" }, "counted")).counts;
    const kept = { samples: 0, audited: 0 };
    for await (const sample of client.allSamples({ source: "device", from })) {
      kept.samples += 1;
      if (sample.audit) kept.audited += 1;
    }
    return {
      result: { from, frames, ...kept, bytes: after.bytes },
      figures: [
        `${wholeText(frames)} dark frames, ${counts.answered - before.answered} answered`,
        `${wholeText(kept.samples)} samples sent, ${kept.audited} of them audited`,
        `${bytesText(after.bytes.up - before.bytes.up)} up`,
      ],
    };
  });
}
