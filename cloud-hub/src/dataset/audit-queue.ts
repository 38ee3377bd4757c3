import type { Hub } from "../hub-parts.ts";
import { classNamesOf } from "../registry/class-names.ts";
import { labelledSamples } from "./labelled-sample.ts";
import type { QueuePage, QueueRequest } from "./queue-page.ts";
import { suggestionsOf } from "./suggestion.ts";

const defaultLimit = 100;

/**
 * Audited samples without an answer, oldest id first: every one of them is asked, in an order that nothing learned has a
 * say in, because the estimate of field accuracy rests on them.
 */
export async function auditQueue(hub: Hub, request: QueueRequest): Promise<QueuePage> {
  const { device, release, from, to, limit = defaultLimit } = request;
  const query = { device, release, from, to, source: "device" as const, audit: true, labelled: false };
  const samples = await labelledSamples(hub, query, { withUnlabelled: true });
  const classes = await classNamesOf(hub, new Set(samples.map((sample) => sample.release ?? "")));
  const items = samples.slice(0, limit).map((sample) => ({
    key: `sample ${sample.id}`,
    kind: "sample" as const,
    samples: [sample.id],
    track: sample.track,
    device: sample.device,
    suggestions: suggestionsOf([sample.predictions], classes.get(sample.release ?? "")),
    why: `Audited at random with probability ${sample.inclusionProbability.toFixed(3)}: its answer counts for the accuracy in the field and never for training.`,
  }));
  return { items, candidates: samples.length };
}
