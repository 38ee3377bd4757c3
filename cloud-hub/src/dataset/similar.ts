import Type, { type Static } from "typebox";
import { HubError } from "../errors.ts";
import type { Hub } from "../hub-parts.ts";
import type { SqlValue } from "../storage/db.ts";
import { type Condition, conditionOf, type SampleQuery, SampleQuerySchema } from "./sample-query.ts";
import { type Sample, sampleColumns, sampleFromRow } from "./sample-row.ts";
import { type VectorIndex, vectorIndexOf } from "./vector-index.ts";

const { to: before, ...filters } = SampleQuerySchema.properties;

/** to: the sample that others shall be like · before: capture time, exclusive; the other filters as everywhere */
export const SimilarRequestSchema = Type.Object({
  ...filters,
  before,
  to: Type.String({ maxLength: 64 }),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
});
export type SimilarRequest = Static<typeof SimilarRequestSchema>;

const defaultLimit = 50;
/** How many lists an approximate search looks into; see the notes on vectors for what it finds. */
const probes = 10;

/**
 * Samples whose embeddings are nearest to one's, by cosine distance, within the space of the same backbone. Exact, but for
 * spaces that grew an index: there it is approximate, unless filters leave so little that all of it is compared.
 * @throws {HubError} `not-found`, `bad-request` when the sample came without an embedding
 */
export async function nearestFirst(hub: Hub, request: SimilarRequest): Promise<Sample[]> {
  const { to, before: until, limit = defaultLimit, ...rest } = request;
  const query: SampleQuery = { ...rest, to: until };
  const [anchor] = await hub.rows<Anchor>(
    "select release, space, embedding::text as vector from samples where fleet = $1 and id = $2",
    [hub.fleet, to],
  );
  if (anchor === undefined) {
    throw new HubError("not-found", `Expected a sample of this fleet, found none with id ${to}.`);
  }
  if (anchor.vector === null) {
    throw new HubError("bad-request", `Expected a sample with an embedding; ${to} came without one.`);
  }
  const search = { anchor, condition: conditionOf(hub.fleet, query), limit };
  const index = anchor.space === null ? undefined : vectorIndexOf(hub, anchor.space);
  if (index === undefined) return compare(hub, search, undefined);
  const found = await compare(hub, search, index);
  return found.length < limit ? compare(hub, search, undefined) : found;
}

type Search = { readonly anchor: Anchor; readonly condition: Condition; readonly limit: number };

async function compare(
  hub: Hub,
  { anchor, condition, limit }: Search,
  index: VectorIndex | undefined,
): Promise<Sample[]> {
  const near = nearness(anchor, index, condition.parameters.length);
  const rows = await hub.rowsWith<Sample>(
    index === undefined ? {} : { "ivfflat.probes": String(probes) },
    `select ${sampleColumns}, found.distance from samples s join (
       select s.fleet, s.id, (${near.distance})::float8 as distance from samples s
       where ${condition.sql} and ${near.condition} and s.embedding is not null order by ${near.distance} limit ${limit}
     ) found using (fleet, id) order by found.distance, s.id`,
    [...condition.parameters, ...near.parameters],
  );
  return rows.map(sampleFromRow);
}

type Anchor = { readonly release: string | null; readonly space: string | null; readonly vector: string | null };
type Nearness = { readonly condition: string; readonly distance: string; readonly parameters: readonly SqlValue[] };

/** How far samples are from the anchor, and which are in its space; an index needs its own condition and cast word by word. */
function nearness({ release, space, vector }: Anchor, index: VectorIndex | undefined, before: number): Nearness {
  const [first, second] = [`$${before + 1}::vector`, `$${before + 2}`];
  if (index !== undefined) {
    const distance = `(s.embedding::vector(${index.size})) <=> ${first}`;
    return { condition: index.condition, distance, parameters: [vector] };
  }
  const distance = `s.embedding <=> ${first}`;
  return space === null
    ? { condition: `s.release = ${second}`, distance, parameters: [vector, release] }
    : { condition: `s.space = ${second}`, distance, parameters: [vector, space] };
}
