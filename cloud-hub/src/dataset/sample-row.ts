import { AnswersSchema, ReasonSchema } from "@fieldloop/devices";
import Type, { type Static } from "typebox";
import { labelsColumn } from "./labelled-sample.ts";

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);

/**
 * One input that was kept. class, confidence, margin: of the primary head · labels: what holds, by head · unsure: heads for
 * which somebody looked and could not say · distance: to the sample asked near of
 */
export const SampleSchema = Type.Object({
  id: Type.String(),
  source: Type.Enum(["device", "import"]),
  device: Nullable(Type.String()),
  at: Type.Integer(),
  receivedAt: Type.Integer(),
  release: Nullable(Type.String()),
  blob: Type.String(),
  width: Type.Integer(),
  height: Type.Integer(),
  encoding: Type.String(),
  reasons: Type.Array(ReasonSchema),
  inclusionProbability: Nullable(Type.Number()),
  audit: Type.Boolean(),
  predictions: Nullable(AnswersSchema),
  class: Nullable(Type.String()),
  confidence: Nullable(Type.Number()),
  margin: Nullable(Type.Number()),
  track: Nullable(Type.String()),
  split: Nullable(Type.String()),
  context: Type.Record(Type.String(), Type.Unknown()),
  labels: Type.Record(
    Type.String(),
    Type.Object({
      class: Type.String(),
      author: Type.String(),
      kind: Type.Enum(["human", "machine"]),
      at: Type.Integer(),
      label: Type.String(),
    }),
  ),
  unsure: Type.Record(Type.String(), Type.Object({ author: Type.String(), at: Type.Integer(), label: Type.String() })),
  distance: Type.Optional(Type.Number()),
});
export type Sample = Static<typeof SampleSchema>;

/** What a page shows of `samples s`. */
export const sampleColumns = `s.id, s.source, s.device, s.at, s.received_at as "receivedAt", s.release, s.blob, s.width, s.height,
  s.encoding, s.reasons, s.inclusion_probability as "inclusionProbability", s.audit, s.predictions, s.class, s.confidence,
  s.margin, s.track, s.split, s.context, ${labelsColumn} as labels, coalesce((
    select jsonb_object_agg(h.head, jsonb_build_object('author', h.author, 'at', h.at, 'label', h.label))
    from sample_labels h where h.fleet = s.fleet and h.sample = s.id and h.state = 'unsure'), '{}'::jsonb) as unsure`;

/** A row of {@link sampleColumns} as it is answered. */
export function sampleFromRow(row: Sample): Sample {
  return {
    ...row,
    at: Number(row.at),
    receivedAt: Number(row.receivedAt),
    reasons: row.reasons ?? [],
    context: row.context ?? {},
  };
}
