import type { FleetApplier } from "../inbox/fleet-applier.ts";
import { type CountedSample, countSamples } from "../rollups/sample-counts.ts";

/** A sample that shall be gone, and stay gone when the inbox is replayed. */
export type SampleDeletedDecision = {
  readonly id: string;
  readonly blob: string;
  readonly by: string;
  readonly reason: string | null;
  readonly at: number;
};

/** Takes a sample out of the dataset and out of the counts. */
export const applySampleDeleted: FleetApplier<SampleDeletedDecision> = async (session, fleet, decision) => {
  const { id, blob, by, reason, at } = decision;
  const { rows } = await session.query<CountedSample>(
    `delete from samples where fleet = $1 and id = $2
     returning source, at, device, release, class, confidence, audit`,
    [fleet, id],
  );
  await countSamples(session, fleet, rows, -1);
  await session.query("delete from sample_labels where fleet = $1 and sample = $2", [fleet, id]);
  await session.query(
    `insert into deleted_samples (fleet, id, blob, deleted_at, deleted_by, reason) values ($1, $2, $3, $4, $5, $6)
     on conflict do nothing`,
    [fleet, id, blob, at, by, reason],
  );
};
