import { AnswersSchema, ReasonSchema } from "@fieldloop/devices";
import Type, { type Static } from "typebox";
import { HubError } from "../errors.ts";
import type { Hub } from "../hub-parts.ts";
import { labelsColumn } from "./labelled-sample.ts";
import { conditionOf, type SampleQuery } from "./sample-query.ts";

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);

/** One input that was kept. class, confidence, margin: of the primary head · distance: to the sample asked near of */
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
    }),
  ),
  distance: Type.Optional(Type.Number()),
});
export type Sample = Static<typeof SampleSchema>;

/** A page of samples; `next` continues it, absent at the end. */
export const SamplePageSchema = Type.Object({ samples: Type.Array(SampleSchema), next: Type.Optional(Type.String()) });
export type SamplePage = Static<typeof SamplePageSchema>;

/** A search: newest first, or nearest first when `near` names a sample (exact cosine distance, first page only). */
export type SampleSearch = SampleQuery & { readonly near?: string; readonly limit?: number; readonly cursor?: string };

const columns = `s.id, s.source, s.device, s.at, s.received_at as "receivedAt", s.release, s.blob, s.width, s.height,
  s.encoding, s.reasons, s.inclusion_probability as "inclusionProbability", s.audit, s.predictions, s.class, s.confidence,
  s.margin, s.track, s.split, s.context, ${labelsColumn} as labels`;
const defaultLimit = 50;

/** Finds samples by filters, newest first in keyset pages, or by similarity to one of them. */
export async function searchSamples(hub: Hub, search: SampleSearch): Promise<SamplePage> {
  const { near, limit = defaultLimit, cursor, ...query } = search;
  return near === undefined ? newestFirst(hub, query, limit, cursor) : nearestFirst(hub, query, limit, near);
}

async function newestFirst(
  hub: Hub,
  query: SampleQuery,
  limit: number,
  cursor: string | undefined,
): Promise<SamplePage> {
  const { sql, parameters } = conditionOf(hub.fleet, query);
  const after = cursor === undefined ? undefined : parseCursor(cursor);
  const keyset = after === undefined ? "" : `and (s.at, s.id) < ($${parameters.length + 1}, $${parameters.length + 2})`;
  const rows = await hub.rows<Sample>(
    `select ${columns} from samples s where ${sql} ${keyset} order by s.at desc, s.id desc limit ${limit + 1}`,
    [...parameters, ...(after ?? [])],
  );
  const samples = rows.slice(0, limit).map(fromRow);
  const last = samples.at(-1);
  return rows.length > limit && last !== undefined ? { samples, next: `${last.at}.${last.id}` } : { samples };
}

async function nearestFirst(hub: Hub, query: SampleQuery, limit: number, near: string): Promise<SamplePage> {
  const [anchor] = await hub.rows<{ release: string | null; hasEmbedding: boolean }>(
    `select release, embedding is not null as "hasEmbedding" from samples where fleet = $1 and id = $2`,
    [hub.fleet, near],
  );
  if (anchor === undefined) throw notFound(near);
  if (!anchor.hasEmbedding) {
    throw new HubError("bad-request", `Expected near to name a sample with an embedding; ${near} came without one.`);
  }
  // Distances mean something within one release's embedding space only.
  const { sql, parameters } = conditionOf(hub.fleet, {
    ...query,
    release: query.release ?? anchor.release ?? undefined,
  });
  const rows = await hub.rows<Sample>(
    `select ${columns}, (s.embedding <=> a.embedding)::float8 as distance
     from samples s, (select embedding from samples where fleet = $1 and id = $${parameters.length + 1}) a
     where ${sql} and s.embedding is not null
     order by s.embedding <=> a.embedding, s.id limit ${limit}`,
    [...parameters, near],
  );
  return { samples: rows.map(fromRow) };
}

function parseCursor(cursor: string): [number, string] {
  const match = /^(\d{1,16})\.([A-Za-z0-9_]{1,64})$/.exec(cursor);
  if (match === null)
    throw new HubError(
      "bad-cursor",
      "Expected the cursor that the page before answered as next; start anew without one.",
    );
  return [Number(match[1]), match[2] ?? ""];
}

/** One sample. @throws {HubError} `not-found` */
export async function getSample(hub: Hub, id: string): Promise<Sample> {
  const [row] = await hub.rows<Sample>(`select ${columns} from samples s where s.fleet = $1 and s.id = $2`, [
    hub.fleet,
    id,
  ]);
  if (row === undefined) throw notFound(id);
  return fromRow(row);
}

/** A sample's image as it was stored. @throws {HubError} `not-found` */
export async function sampleImage(hub: Hub, id: string): Promise<{ encoding: string; bytes: Uint8Array }> {
  const [row] = await hub.rows<{ encoding: string; blob: string }>(
    "select encoding, blob from samples where fleet = $1 and id = $2",
    [hub.fleet, id],
  );
  if (row === undefined) throw notFound(id);
  return { encoding: row.encoding, bytes: await hub.readBlob(row.blob) };
}

function fromRow(row: Sample): Sample {
  return {
    ...row,
    at: Number(row.at),
    receivedAt: Number(row.receivedAt),
    reasons: row.reasons ?? [],
    context: row.context ?? {},
  };
}

const notFound = (id: string): HubError =>
  new HubError("not-found", `Expected a sample of this fleet, found none with id ${id}.`);
