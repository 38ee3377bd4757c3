import Type, { type Static } from "typebox";
import { HubError } from "../errors.ts";
import type { Hub } from "../hub-parts.ts";
import type { Person } from "../people/role.ts";

/** Why a sample goes. */
export const DeletionSchema = Type.Object({ reason: Type.Optional(Type.String({ maxLength: 1000 })) });
export type Deletion = Static<typeof DeletionSchema>;

/** What became of a deleted sample: its labels stay as history; its image goes unless something else names it. */
export const DeletedSampleSchema = Type.Object({
  id: Type.String(),
  deletedAt: Type.Integer(),
  deletedBy: Type.String(),
  image: Type.Enum(["goes", "kept"]),
  sentence: Type.String(),
});
export type DeletedSample = Static<typeof DeletedSampleSchema>;

/** Deletes a sample. @throws {HubError} `not-found`, `sample-deleted` */
export async function deleteSample(hub: Hub, id: string, deletion: Deletion, person: Person): Promise<DeletedSample> {
  const [sample] = await hub.rows<{ blob: string }>("select blob from samples where fleet = $1 and id = $2", [
    hub.fleet,
    id,
  ]);
  if (sample === undefined) {
    await requireNotDeleted(hub, [id]);
    throw new HubError("not-found", `Expected a sample of this fleet, found none with id ${id}.`);
  }
  const at = hub.clock();
  const reason = deletion.reason ?? null;
  await hub.decide("sample-deleted", `sample-deleted ${id}`, { id, blob: sample.blob, by: person.name, reason, at });
  const keeper = await keeperOf(hub, sample.blob);
  const rest = keeper === undefined ? "its image goes within minutes" : `its image stays, because ${keeper} names it`;
  return {
    id,
    deletedAt: at,
    deletedBy: person.name,
    image: keeper === undefined ? "goes" : "kept",
    sentence: `Sample ${id} is deleted; its labels are kept as history, ${rest}.`,
  };
}

/** What still names an image, in words; undefined when nothing does. */
export async function keeperOf(hub: Pick<Hub, "rows" | "fleet">, blob: string): Promise<string | undefined> {
  const [row] = await hub.rows<{ keeper: string }>(
    `select keeper from (
       select 'sample ' || id as keeper from samples where fleet = $1 and blob = $2
       union all
       select 'snapshot ' || m.snapshot from deleted_samples d join snapshot_members m on m.fleet = d.fleet and m.sample = d.id
       where d.fleet = $1 and d.blob = $2) keepers limit 1`,
    [hub.fleet, blob],
  );
  return row?.keeper;
}

/** @throws {HubError} `sample-deleted` when one of the samples was deleted */
export async function requireNotDeleted(hub: Hub, ids: readonly string[]): Promise<void> {
  const [row] = await hub.rows<{ id: string; at: number; by: string }>(
    `select id, deleted_at as at, deleted_by as by from deleted_samples
     where fleet = $1 and id in (select jsonb_array_elements_text($2::jsonb)) limit 1`,
    [hub.fleet, JSON.stringify(ids)],
  );
  if (row === undefined) return;
  throw new HubError(
    "sample-deleted",
    `Expected a sample that is there, ${row.by} deleted ${row.id} at ${new Date(Number(row.at)).toISOString()}; leave it out.`,
  );
}
