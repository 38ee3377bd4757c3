import { topOf } from "../evaluation/answer.ts";
import { samplePixels } from "../evaluation/sample-pixels.ts";
import type { Hub } from "../hub-parts.ts";
import { loadBenchModel } from "../registry/bench-version.ts";
import { getRelease } from "../registry/release.ts";
import type { LabelledSample } from "./labelled-sample.ts";

/** A track with the classes that a model's vote gave it, by head; heads that were not sure enough are missing. */
export type SelfLabel = { readonly samples: readonly LabelledSample[]; readonly labels: Record<string, string> };

/**
 * Labels tracks by the vote of the version that the device ran: the mean probability over the track's frames, per head,
 * where the leading class is above the threshold. Tracks of one frame have no vote and stay unlabelled.
 */
export async function selfLabelTracks(
  hub: Hub,
  samples: readonly LabelledSample[],
  threshold: number,
): Promise<SelfLabel[]> {
  const labelled: SelfLabel[] = [];
  for (const [release, members] of Map.groupBy(samples, (sample) => sample.release)) {
    if (release !== null) labelled.push(...(await voteWithRelease(hub, release, members, threshold)));
  }
  return labelled;
}

async function voteWithRelease(
  hub: Hub,
  digest: string,
  samples: readonly LabelledSample[],
  threshold: number,
): Promise<SelfLabel[]> {
  const { version } = await getRelease(hub, digest);
  const model = await loadBenchModel(hub, version);
  const images = await samplePixels(hub, samples, model.preprocess);
  const answers = await hub.bench.answer(model, images);
  const rows = samples.map((sample, index) => ({ sample, heads: answers[index]!.heads }));
  return [...Map.groupBy(rows, ({ sample }) => sample.unit).values()]
    .filter((track) => track.length > 1)
    .map((track) => ({ samples: track.map(({ sample }) => sample), labels: vote(track, model, threshold) }))
    .filter(({ labels }) => Object.keys(labels).length > 0);
}

type Frame = { readonly heads: Readonly<Record<string, Float32Array>> };
type Named = { readonly heads: readonly string[]; readonly classes: Readonly<Record<string, readonly string[]>> };

function vote(track: readonly Frame[], model: Named, threshold: number): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const head of model.heads) {
    const size = track[0]?.heads[head]?.length ?? 0;
    const mean = Float64Array.from(
      { length: size },
      (_, index) => track.reduce((sum, frame) => sum + (frame.heads[head]?.[index] ?? 0), 0) / track.length,
    );
    const top = topOf(mean);
    const name = model.classes[head]?.[top.index];
    if (top.confidence > threshold && name !== undefined) labels[head] = name;
  }
  return labels;
}
