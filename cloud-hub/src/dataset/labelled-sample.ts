import type { Answers, Context } from "@fieldloop/devices";
import type { Hub } from "../hub-parts.ts";
import { conditionOf, type SampleQuery } from "./sample-query.ts";

/** The label that holds for a sample: the newest of a person, else the newest of a machine. */
export type Label = {
  readonly class: string;
  readonly author: string;
  readonly kind: "human" | "machine";
  readonly at: number;
  /** The row's id, by which it can be undone. */
  readonly label: string;
};

/** A sample with the labels that hold. unit: what is independent: its device's track, or itself */
export type LabelledSample = {
  readonly id: string;
  readonly source: "device" | "import";
  readonly unit: string;
  readonly blob: string;
  readonly device: string | null;
  readonly release: string | null;
  readonly track: string | null;
  readonly split: string | null;
  readonly audit: boolean;
  readonly inclusionProbability: number;
  readonly predictions: Answers;
  readonly margin: number | null;
  readonly context: Context;
  readonly labels: Readonly<Record<string, Label>>;
};

/** The labels that hold for `samples s`, as one JSON object by head; machine labels only where no person spoke. */
export const labelsColumn = `coalesce((
  select jsonb_object_agg(h.head, jsonb_build_object('class', h.class, 'author', h.author, 'kind', h.kind, 'at', h.at,
    'label', h.label))
  from sample_labels h where h.fleet = s.fleet and h.sample = s.id and h.state = 'answered'
), '{}'::jsonb)`;

const columns = `s.id, s.source, s.blob, s.device, s.release, s.track, s.split, s.audit,
  s.inclusion_probability as "inclusionProbability", s.predictions, s.margin, s.context, ${labelsColumn} as labels`;

/** The most samples that one evaluation or snapshot takes. */
export const samplesAtMost = 200_000;

/** The samples of a query with the labels of people; without `withUnlabelled`, only those that have one. */
export async function labelledSamples(
  hub: Hub,
  query: SampleQuery,
  options: { readonly withUnlabelled?: boolean } = {},
): Promise<LabelledSample[]> {
  const condition = conditionOf(hub.fleet, options.withUnlabelled ? query : { ...query, labelled: true });
  const rows = await hub.rows<Omit<LabelledSample, "unit">>(
    `select ${columns} from samples s where ${condition.sql} order by s.id limit ${samplesAtMost}`,
    condition.parameters,
  );
  const samples = rows.map((row) => ({
    ...row,
    unit: unitOf(row),
    predictions: row.predictions ?? {},
    context: row.context ?? {},
    inclusionProbability: row.inclusionProbability ?? 1,
    labels: Object.fromEntries(Object.entries(row.labels).filter(([, label]) => label.kind === "human")),
  }));
  // Where a person was unsure there is a label, but no answer.
  return options.withUnlabelled ? samples : samples.filter(({ labels }) => Object.keys(labels).length > 0);
}

/** What is independent of what: a track as its source saw it, or a sample that belongs to none. */
export function unitOf(sample: { source: string; device: string | null; track: string | null; id: string }): string {
  return sample.track === null ? sample.id : `${sample.device ?? sample.source}/${sample.track}`;
}
