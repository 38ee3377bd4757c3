import type { FleetApplier } from "../inbox/fleet-applier.ts";

/** A training that was asked for, and the job that does it. */
export type RunDecision = {
  readonly id: string;
  readonly job: string;
  readonly model: string;
  readonly snapshot: string;
  readonly base: string | null;
  readonly recipe: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly createdAt: number;
  readonly by?: string | null;
};

/** Writes a training that waits, and its job. */
export const applyRun: FleetApplier<RunDecision> = async (session, fleet, decision) => {
  const { id, job, model, snapshot, base, recipe, seed, createdAt, by = null } = decision;
  await session.query(
    `insert into runs (fleet, id, model, snapshot, base, recipe, seed, state, created_at, created_by)
     values ($1, $2, $3, $4, $5, $6::jsonb, $7, 'waiting', $8, $9)`,
    [fleet, id, model, snapshot, base, JSON.stringify(recipe), seed, createdAt, by],
  );
  await session.query(
    `insert into jobs (fleet, id, kind, payload, created_at, updated_at) values ($1, $2, 'train', $3::jsonb, $4, $4)`,
    [fleet, job, JSON.stringify({ run: id }), createdAt],
  );
};

/** How a training ended; its job ends with it, so that a restored hub does not train again. */
export type RunEndedDecision = {
  readonly run: string;
  readonly state: "done" | "failed" | "cancelled";
  readonly version: string | null;
  readonly error: string | null;
  readonly at: number;
};

/** Writes how a run and its job ended. */
export const applyRunEnded: FleetApplier<RunEndedDecision> = async (session, fleet, decision) => {
  const { run, state, version, error, at } = decision;
  await session.query(
    `update runs set state = $3, version = $4, error = $5, finished_at = $6 where fleet = $1 and id = $2`,
    [fleet, run, state, version, error, at],
  );
  await session.query(
    `update jobs set state = $3, error = $4, result = $5::jsonb, updated_at = $6
     where fleet = $1 and kind = 'train' and payload ->> 'run' = $2 and state in ('waiting', 'running')`,
    [fleet, run, state, error, JSON.stringify({ version }), at],
  );
};
