import type { FleetApplier } from "../inbox/fleet-applier.ts";

/** Adding a device: its row, and a code that takes the place of any unused one. */
export type DeviceDecision = {
  readonly device: string;
  readonly profile: string;
  readonly group: string | null;
  readonly simulated: boolean;
  readonly secretHash: string;
  readonly createdAt: number;
  readonly expiresAt: number;
};

/** Writes a device that was added, and its one-time code. */
export const applyDevice: FleetApplier<DeviceDecision> = async (session, fleet, decision) => {
  const { device, profile, group, simulated, secretHash, createdAt, expiresAt } = decision;
  await session.query(
    `insert into devices (fleet, device, profile, group_name, simulated, created_at)
     values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
    [fleet, device, profile, group, simulated, createdAt],
  );
  await session.query("delete from enrolments where fleet = $1 and device = $2 and used_by is null", [fleet, device]);
  await session.query(
    `insert into enrolments (fleet, secret_hash, device, created_at, expires_at)
     values ($1, $2, $3, $4, $5) on conflict do nothing`,
    [fleet, secretHash, device, createdAt, expiresAt],
  );
};
