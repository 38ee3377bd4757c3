import type { FleetApplier } from "../inbox/fleet-applier.ts";

/** What one device shall run, signed. */
export type DesiredStateDecision = {
  readonly device: string;
  readonly number: number;
  readonly release: string;
  readonly issuedAt: number;
  readonly signed: Uint8Array;
};

/** Writes what a device shall run; a number that is there already is refused by its key. */
export const applyDesiredState: FleetApplier<DesiredStateDecision> = async (session, fleet, decision) => {
  const { device, number, release, issuedAt, signed } = decision;
  await session.query(
    `insert into desired_states (fleet, device, number, release, signed, issued_at) values ($1, $2, $3, $4, $5, $6)`,
    [fleet, device, number, release, signed, issuedAt],
  );
};
