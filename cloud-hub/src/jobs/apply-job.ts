import type { FleetApplier } from "../inbox/fleet-applier.ts";

/** Work that was asked for. */
export type JobDecision = {
  readonly id: string;
  readonly kind: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly createdAt: number;
};

/** Writes work that waits. */
export const applyJob: FleetApplier<JobDecision> = async (session, fleet, { id, kind, payload, createdAt }) => {
  await session.query(
    `insert into jobs (fleet, id, kind, payload, created_at, updated_at) values ($1, $2, $3, $4::jsonb, $5, $5)`,
    [fleet, id, kind, JSON.stringify(payload), createdAt],
  );
};
