import Type, { type Static } from "typebox";
import { HubError } from "../errors.ts";
import type { Hub } from "../hub-parts.ts";
import { SampleQuerySchema } from "./sample-query.ts";

const PartSchema = Type.Object({
  role: Type.Enum(["old", "field"]),
  query: SampleQuerySchema,
  selfLabel: Type.Optional(Type.Object({ threshold: Type.Number({ minimum: 0.5, maximum: 1 }) })),
});

/**
 * A dataset to freeze. role `field`: device samples; tracks that hold an audited frame are left out · selfLabel: tracks
 * without a person's answer get the model's vote over their frames where it is surer than the threshold
 */
export const NewSnapshotSchema = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 200 }),
  parts: Type.Array(PartSchema, { minItems: 1, maxItems: 8 }),
});
export type NewSnapshot = Static<typeof NewSnapshotSchema>;

/** A frozen dataset. hash: over its sorted members · manifest: blob with the members · counts: samples by role and kind */
export const SnapshotSchema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  hash: Type.String(),
  manifest: Type.String(),
  createdAt: Type.Integer(),
  counts: Type.Record(Type.String(), Type.Integer()),
});
export type Snapshot = Static<typeof SnapshotSchema>;

/** One member: which labels train it and which of them a machine gave. unit: what is independent, its track */
const SnapshotMemberSchema = Type.Object({
  sample: Type.String(),
  blob: Type.String(),
  role: Type.Enum(["old", "field"]),
  split: Type.Enum(["train", "val"]),
  unit: Type.String(),
  labels: Type.Record(Type.String(), Type.String()),
  machine: Type.Boolean(),
});
export type SnapshotMember = Readonly<Static<typeof SnapshotMemberSchema>>;

/** The members of a snapshot as an answer. */
export const SnapshotMembersSchema = Type.Object({ members: Type.Array(SnapshotMemberSchema) });
export type SnapshotMembers = Static<typeof SnapshotMembersSchema>;

/** One snapshot. @throws {HubError} `not-found` */
export async function getSnapshot(hub: Hub, id: string): Promise<Snapshot> {
  const [row] = await hub.rows<Snapshot>(
    `select id, name, hash, manifest, created_at as "createdAt", counts from snapshots where fleet = $1 and id = $2`,
    [hub.fleet, id],
  );
  if (row !== undefined) return { ...row, createdAt: Number(row.createdAt) };
  throw new HubError("not-found", `Expected a snapshot of this fleet, found none with id ${id}.`);
}

/** The members of a snapshot, sorted, as they were frozen. */
export async function snapshotMembers(
  hub: Hub,
  snapshot: Pick<Snapshot, "manifest">,
): Promise<readonly SnapshotMember[]> {
  const text = Buffer.from(await hub.readBlob(snapshot.manifest)).toString("utf8");
  return (JSON.parse(text) as { members: readonly SnapshotMember[] }).members; // written by createSnapshot, named by digest
}
