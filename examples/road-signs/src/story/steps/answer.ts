import type { LabelRequest, QueuePage } from "@fieldloop/cloud-hub";
import type { Figure } from "@fieldloop/devices";
import type { RoadSignData } from "../../dataset/road-sign-data.ts";
import { ExampleError } from "../../errors.ts";
import { figureText } from "../../report/figure-text.ts";
import { runStep, type Story } from "../story.ts";

/** What the answers came to: audited and chosen ones apart, and field accuracy as the audit lane estimates it. */
export type Answered = {
  readonly audit: number;
  readonly auditedTracks: readonly string[];
  readonly used: number;
  readonly accuracy: Figure | null;
};

/** Step 6: the known truth answers the audit queue, then the tracks most worth it, as a person's tool would. */
export function answerQueues(story: Story, release: string, from: number): Promise<Answered> {
  const { client, data, options } = story;
  return runStep(story, "Answers", async (progress) => {
    const audit = await client.queue({ kind: "audit", from, limit: 10_000 });
    await answer(story, audit.items, (item) => ({ sample: item.samples[0] }));
    const { heads } = await client.accuracy({ release, from });
    const accuracy = heads.sign ?? null;
    progress.show(audit.items.length, audit.items.length + options.answers, "answers");
    const chosen = await client.queue({
      kind: "labelling",
      from,
      limit: options.answers,
      budget: options.answers,
      seed: options.seed,
    });
    await answer(story, chosen.items, (item) =>
      item.track === null ? { sample: item.samples[0] } : { track: item.track },
    );
    const field = data.field.reduce((sum, track) => sum + track.frames.length, 0);
    return {
      result: {
        audit: audit.items.length,
        auditedTracks: [...new Set(audit.items.flatMap(({ track }) => track ?? []))],
        used: chosen.items.length,
        accuracy,
      },
      figures: [
        `audit: ${audit.items.length} frames answered, v1 is right on ${figureText(accuracy)} of the field`,
        `then ${chosen.items.length} whole tracks out of ${chosen.candidates}, ${((100 * chosen.items.length) / field).toFixed(1)} % of the pool's frames`,
      ],
    };
  });
}

type Item = QueuePage["items"][number];
type Subject = { readonly sample?: string } | { readonly track?: string };

async function answer(story: Story, items: readonly Item[], subjectOf: (item: Item) => Subject): Promise<void> {
  const truth = truthOf(story.data);
  const labels: LabelRequest["items"] = items.flatMap((item) =>
    Object.entries(truth(item.track)).map(([head, name]) => ({
      ...subjectOf(item),
      head,
      class: name,
      author: "known-truth",
      kind: "human" as const,
      ...(item.suggestions[head] === undefined ? {} : { suggestion: item.suggestions[head].class }),
    })),
  );
  if (labels.length > 0) await story.client.label({ items: labels });
}

/** What a person would say of each field track. @throws {ExampleError} `step-failed` for a track of no known field */
export function truthOf(data: RoadSignData): (track: string | null) => Readonly<Record<string, string>> {
  const byTrack = new Map(data.field.map(({ id, sign, category }) => [id, { sign, category }]));
  return (track) => {
    const known = track === null ? undefined : byTrack.get(track);
    if (known === undefined)
      throw new ExampleError("step-failed", `Expected a field track to answer, the queue holds ${track}.`);
    return { sign: data.classes.sign[known.sign] ?? "", category: data.classes.category[known.category] ?? "" };
  };
}
