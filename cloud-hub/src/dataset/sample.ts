import Type, { type Static } from "typebox";
import { HubError } from "../errors.ts";
import type { Hub } from "../hub-parts.ts";
import { requireNotDeleted } from "./deleted-sample.ts";
import { conditionOf, type SampleQuery } from "./sample-query.ts";
import { type Sample, SampleSchema, sampleColumns, sampleFromRow } from "./sample-row.ts";
import { nearestFirst } from "./similar.ts";

/** A page of samples; `next` continues it, absent at the end. */
export const SamplePageSchema = Type.Object({ samples: Type.Array(SampleSchema), next: Type.Optional(Type.String()) });
export type SamplePage = Static<typeof SamplePageSchema>;

/** A search: newest first from `after` on (`cursor` is its older name), or nearest first when `near` names a sample. */
export type SampleSearch = SampleQuery & {
  readonly near?: string;
  readonly limit?: number;
  readonly after?: string;
  readonly cursor?: string;
};

const defaultLimit = 50;

/** Finds samples by filters, newest first in keyset pages, or by similarity to one of them. */
export async function searchSamples(hub: Hub, search: SampleSearch): Promise<SamplePage> {
  const { near, limit = defaultLimit, cursor, after = cursor, ...query } = search;
  if (near !== undefined) return { samples: await nearestFirst(hub, { ...query, to: near, limit, before: query.to }) };
  return newestFirst(hub, query, limit, after);
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
  // The page is found first and dressed then, so that what is shown of a row is read for the rows that are shown only.
  const rows = await hub.rows<Sample>(
    `select ${sampleColumns} from samples s join (
       select s.fleet, s.id from samples s where ${sql} ${keyset} order by s.at desc, s.id desc limit ${limit + 1}
     ) found using (fleet, id) order by s.at desc, s.id desc`,
    [...parameters, ...(after ?? [])],
  );
  const samples = rows.slice(0, limit).map(sampleFromRow);
  const last = samples.at(-1);
  return rows.length > limit && last !== undefined ? { samples, next: `${last.at}.${last.id}` } : { samples };
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

/** One sample. @throws {HubError} `not-found`, `sample-deleted` */
export async function getSample(hub: Hub, id: string): Promise<Sample> {
  const [row] = await hub.rows<Sample>(`select ${sampleColumns} from samples s where s.fleet = $1 and s.id = $2`, [
    hub.fleet,
    id,
  ]);
  if (row === undefined) throw await noSample(hub, id);
  return sampleFromRow(row);
}

/** What a sample's image is: its encoding and the digest of its bytes. @throws {HubError} `not-found`, `sample-deleted` */
export async function sampleImage(hub: Hub, id: string): Promise<{ encoding: string; blob: string }> {
  const [row] = await hub.rows<{ encoding: string; blob: string }>(
    "select encoding, blob from samples where fleet = $1 and id = $2",
    [hub.fleet, id],
  );
  if (row === undefined) throw await noSample(hub, id);
  return row;
}

async function noSample(hub: Hub, id: string): Promise<HubError> {
  await requireNotDeleted(hub, [id]);
  return new HubError("not-found", `Expected a sample of this fleet, found none with id ${id}.`);
}
