import Type, { type Static } from "typebox";
import type { Hub } from "../hub-parts.ts";

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);

/** A release as lists show it. accepted: who took it against its budget or gate, and why · devices: that shall run it now */
export const ListedReleaseSchema = Type.Object({
  digest: Type.String(),
  version: Type.String(),
  model: Type.String(),
  createdAt: Type.Integer(),
  createdBy: Nullable(Type.String()),
  profiles: Type.Record(Type.String(), Type.Object({ target: Type.String(), why: Type.String() })),
  accepted: Nullable(Type.Record(Type.String(), Type.Unknown())),
  devices: Type.Integer(),
});
export type ListedRelease = Static<typeof ListedReleaseSchema>;

/** Releases, newest first. */
export async function listReleases(hub: Hub): Promise<ListedRelease[]> {
  const rows = await hub.rows<ListedRelease>(
    `with newest as (
       select distinct on (device) device, release from desired_states where fleet = $1 order by device, number desc)
     select r.digest, r.version, r.manifest ->> 'model' as model, r.created_at as "createdAt", r.created_by as "createdBy",
       r.profiles, r.manifest -> 'accepted' as accepted, (select count(*) from newest n where n.release = r.digest) as devices
     from releases r where r.fleet = $1 order by r.created_at desc, r.digest limit 500`,
    [hub.fleet],
  );
  return [...rows];
}
