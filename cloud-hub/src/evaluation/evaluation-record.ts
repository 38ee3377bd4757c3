import { randomUUID } from "node:crypto";
import { type Figure, FigureSchema } from "@fieldloop/devices";
import Type, { type Static } from "typebox";
import { HubError } from "../errors.ts";
import type { Hub } from "../hub-parts.ts";

/** What is kept of an evaluation. by: who asked for it */
export type NewEvaluationRecord = {
  readonly versions: readonly string[];
  readonly query: object;
  readonly figures: object;
  readonly by: string | null;
};

/** Keeps what was asked and what came of it, so that a figure can be laid beside a later one; returns its id. */
export async function recordEvaluation(
  hub: Hub,
  { versions, query, figures, by }: NewEvaluationRecord,
): Promise<string> {
  const id = `e_${randomUUID().replaceAll("-", "").slice(0, 20)}`;
  await hub.rows(
    `insert into evaluations (fleet, id, versions, query, figures, created_at, created_by)
     values ($1, $2, $3::jsonb, $4::jsonb, $5::jsonb, $6, $7)`,
    [hub.fleet, id, JSON.stringify(versions), JSON.stringify(query), JSON.stringify(figures), hub.clock(), by],
  );
  hub.changed("runs");
  return id;
}

/** An evaluation as lists show it. accuracy: by version and head */
export const ListedEvaluationSchema = Type.Object({
  id: Type.String(),
  at: Type.Integer(),
  by: Type.Union([Type.String(), Type.Null()]),
  versions: Type.Array(Type.String()),
  query: Type.Record(Type.String(), Type.Unknown()),
  samples: Type.Integer(),
  accuracy: Type.Record(Type.String(), Type.Record(Type.String(), FigureSchema)),
});
export type ListedEvaluation = Static<typeof ListedEvaluationSchema>;

type Kept = {
  readonly samples: number;
  readonly versions: readonly {
    readonly version: string;
    readonly heads: Readonly<Record<string, { readonly accuracy: Figure }>>;
  }[];
};
type Row = Omit<ListedEvaluation, "samples" | "accuracy"> & Kept & { readonly judged: Kept["versions"] };

const columns = `id, created_at as at, created_by as by, versions, query, (figures ->> 'samples')::int8 as samples`;

/** Evaluations, newest first; gates are not among them. version: only those that judged it */
export async function listEvaluations(hub: Hub, version: string | undefined, limit = 100): Promise<ListedEvaluation[]> {
  const rows = await hub.rows<Row>(
    `select ${columns}, (
       select jsonb_agg(jsonb_build_object('version', v -> 'version', 'heads', (
         select jsonb_object_agg(h.key, jsonb_build_object('accuracy', h.value -> 'accuracy'))
         from jsonb_each(v -> 'heads') h))) from jsonb_array_elements(figures -> 'versions') v) as judged
     from evaluations where fleet = $1 and figures ? 'versions' and ($2::text is null or versions ? $2)
     order by created_at desc limit $3`,
    [hub.fleet, version ?? null, limit],
  );
  return rows.map(({ judged, ...row }) => ({
    ...row,
    samples: Number(row.samples),
    accuracy: Object.fromEntries(
      (judged ?? []).map(({ version: id, heads }) => [
        id,
        Object.fromEntries(Object.entries(heads ?? {}).map(([head, { accuracy }]) => [head, accuracy])),
      ]),
    ),
  }));
}

/** One evaluation as it was asked and what came of it. @throws {HubError} `not-found` */
export async function getEvaluation(
  hub: Hub,
  id: string,
): Promise<{ id: string; at: number; by: string | null; query: object; figures: object }> {
  const [row] = await hub.rows<{ id: string; at: number; by: string | null; query: object; figures: object }>(
    `select id, created_at as at, created_by as by, query, figures from evaluations where fleet = $1 and id = $2`,
    [hub.fleet, id],
  );
  if (row !== undefined) return row;
  throw new HubError("not-found", `Expected an evaluation of this fleet, found none with id ${id}.`);
}
