import type { PreprocessSpec } from "@fieldloop/devices";
import { meanLuma } from "@fieldloop/edge-runtime/operators";
import { topOf } from "../evaluation/answer.ts";
import type { BenchModel } from "../evaluation/model-bench.ts";
import { samplePixels } from "../evaluation/sample-pixels.ts";
import type { Hub } from "../hub-parts.ts";
import { buildReferences } from "./build-references.ts";
import type { DriftReference } from "./reference.ts";
import type { FrameFacts } from "./window.ts";

/** A sample that belongs to a reference. unit: the track that it is a frame of */
export type ReferenceSample = { readonly unit: string; readonly blob: string };

/** A field reference needs at least this many tracks. */
const leastFieldTracks = 20;

/**
 * Builds what windows of a version are compared with: the old domain, from the calibration half of its old validation
 * tracks, and the field, from audited samples, once the version was trained on field data too.
 */
export async function referencesOf(
  hub: Pick<Hub, "bench" | "readBlob">,
  model: BenchModel & { readonly preprocess: PreprocessSpec },
  samples: { readonly old: readonly ReferenceSample[]; readonly field: readonly ReferenceSample[] },
): Promise<DriftReference[]> {
  const domains = [{ domain: "old", tracks: await factsByTrack(hub, model, samples.old) }];
  const field = await factsByTrack(hub, model, samples.field);
  if (field.length >= leastFieldTracks) domains.push({ domain: "field", tracks: field });
  return buildReferences({ domains: domains.filter(({ tracks }) => tracks.length > 0), seed: `drift ${model.key}` });
}

async function factsByTrack(
  hub: Pick<Hub, "bench" | "readBlob">,
  model: BenchModel & { readonly preprocess: PreprocessSpec },
  samples: readonly ReferenceSample[],
): Promise<FrameFacts[][]> {
  const images = await samplePixels(hub, samples, model.preprocess);
  const answers = await hub.bench.answer(model, images);
  const rows = samples.map(({ unit }, index) => ({
    unit,
    facts: {
      luma: meanLuma(images[index]!),
      embedding: answers[index]!.embedding,
      confidence: Object.fromEntries(
        Object.entries(answers[index]!.heads).map(([head, probabilities]) => [head, topOf(probabilities).confidence]),
      ),
    },
  }));
  return [...Map.groupBy(rows, ({ unit }) => unit).values()].map((members) => members.map(({ facts }) => facts));
}
