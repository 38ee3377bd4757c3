import { proportion, proportionUnits } from "@fieldloop/compiler/statistics";
import { DigestSchema, FigureSchema, IdentifierSchema } from "@fieldloop/devices";
import Type, { type Static } from "typebox";
import { labelledSamples } from "../dataset/labelled-sample.ts";
import type { Hub } from "../hub-parts.ts";
import { classNamesOf } from "../registry/class-names.ts";

/** Which audited samples: those of a release, a device, a span of capture times (ms since 1970). */
export const AccuracyRequestSchema = Type.Object({
  release: Type.Optional(DigestSchema),
  device: Type.Optional(IdentifierSchema),
  from: Type.Optional(Type.Integer({ minimum: 0 })),
  to: Type.Optional(Type.Integer({ minimum: 0 })),
});
export type AccuracyRequest = Static<typeof AccuracyRequestSchema>;

/** How often devices were right, per head. audited: samples in the audit lane · answered: those that a person labelled */
export const AccuracySchema = Type.Object({
  audited: Type.Integer(),
  answered: Type.Integer(),
  heads: Type.Record(Type.String(), FigureSchema),
});
export type Accuracy = Static<typeof AccuracySchema>;

/**
 * Accuracy in the field by what devices themselves answered: audited samples only, each weighted by its inverse inclusion
 * probability, clustered by track.
 */
export async function auditedAccuracy(hub: Hub, request: AccuracyRequest): Promise<Accuracy> {
  const query = { ...request, source: "device" as const, audit: true };
  const samples = await labelledSamples(hub, query, { withUnlabelled: true });
  const classes = await classNamesOf(hub, new Set(samples.map((sample) => sample.release ?? "")));
  const rows = samples.flatMap((sample) =>
    Object.entries(sample.labels).flatMap(([head, label]) => {
      const answer = sample.predictions[head];
      if (answer === undefined) return [];
      const success = classes.get(sample.release ?? "")?.[head]?.[answer.index] === label.class;
      return [{ head, unit: sample.unit, success, weight: 1 / sample.inclusionProbability }];
    }),
  );
  return {
    audited: samples.length,
    answered: samples.filter((sample) => Object.keys(sample.labels).length > 0).length,
    heads: Object.fromEntries(
      [...Map.groupBy(rows, (row) => row.head)].map(([head, members]) => [head, proportion(proportionUnits(members))]),
    ),
  };
}
