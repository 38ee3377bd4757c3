import Type, { type Static } from "typebox";
import type { Hub } from "../hub-parts.ts";
import { SnapshotSchema } from "./snapshot.ts";

/** A frozen dataset as lists show it. runs: trainings on it so far */
export const ListedSnapshotSchema = Type.Object({
  ...SnapshotSchema.properties,
  createdBy: Type.Union([Type.String(), Type.Null()]),
  runs: Type.Integer(),
});
export type ListedSnapshot = Static<typeof ListedSnapshotSchema>;

/** Frozen datasets, newest first. */
export async function listSnapshots(hub: Hub): Promise<ListedSnapshot[]> {
  const rows = await hub.rows<ListedSnapshot>(
    `select id, name, hash, manifest, counts, created_at as "createdAt", created_by as "createdBy",
       (select count(*) from runs r where r.fleet = n.fleet and r.snapshot = n.id) as runs
     from snapshots n where fleet = $1 order by created_at desc, id limit 500`,
    [hub.fleet],
  );
  return [...rows];
}
