import type { FleetApplier } from "../inbox/fleet-applier.ts";
import type { NewSnapshot, Snapshot, SnapshotMember } from "./snapshot.ts";

/** A frozen dataset with its members. */
export type SnapshotDecision = Snapshot & {
  readonly query: NewSnapshot["parts"];
  readonly members: readonly SnapshotMember[];
  readonly by?: string | null;
};

/** Writes a snapshot with its members. */
export const applySnapshot: FleetApplier<SnapshotDecision> = async (session, fleet, decision) => {
  const { id, name, hash, manifest, query, counts, createdAt, members, by = null } = decision;
  await session.query(
    `insert into snapshots (fleet, id, name, hash, manifest, query, counts, created_at, created_by)
     values ($1, $2, $3, $4, $5, $6::jsonb, $7::jsonb, $8, $9)`,
    [fleet, id, name, hash, manifest, JSON.stringify(query), JSON.stringify(counts), createdAt, by],
  );
  await session.query(
    `insert into snapshot_members (fleet, snapshot, sample, role, split, unit, labels, machine)
     select $1, $2, x.sample, x.role, x.split, x.unit, x.labels, x.machine
     from jsonb_to_recordset($3::jsonb) as x(sample text, role text, split text, unit text, labels jsonb, machine boolean)`,
    [fleet, id, JSON.stringify(members)],
  );
};
