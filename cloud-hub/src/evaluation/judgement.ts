import type { LabelledSample } from "../dataset/labelled-sample.ts";
import type { Hub } from "../hub-parts.ts";
import { loadBenchModel } from "../registry/bench-version.ts";
import { topOf } from "./answer.ts";
import { samplePixels } from "./sample-pixels.ts";

/** What a version said of one sample through one head, beside what a person said. */
export type Judgement = {
  readonly sample: LabelledSample;
  readonly head: string;
  readonly truth: string;
  readonly answer: string;
  readonly isRight: boolean;
};

/** Runs a version's fp32 graphs over samples and lays each answer beside its label; heads without a label are left out. */
export async function judgeSamples(
  hub: Hub,
  version: string,
  samples: readonly LabelledSample[],
): Promise<readonly Judgement[]> {
  const model = await loadBenchModel(hub, version);
  const images = await samplePixels(hub, samples, model.preprocess);
  const answers = await hub.bench.answer(model, images);
  return samples.flatMap((sample, index) =>
    model.heads.flatMap((head) => {
      const label = sample.labels[head];
      const probabilities = answers[index]?.heads[head];
      if (label === undefined || probabilities === undefined) return [];
      const answer = model.classes[head]?.[topOf(probabilities).index] ?? "";
      return [{ sample, head, truth: label.class, answer, isRight: answer === label.class }];
    }),
  );
}
