import type { FleetApplier } from "../inbox/fleet-applier.ts";

/** The group that a device is in from now on. */
export type DeviceGroupDecision = { readonly device: string; readonly group: string | null };

/** Moves a device into a group. */
export const applyDeviceGroup: FleetApplier<DeviceGroupDecision> = async (session, fleet, { device, group }) => {
  await session.query("update devices set group_name = $3 where fleet = $1 and device = $2", [fleet, device, group]);
};
