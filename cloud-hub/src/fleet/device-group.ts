import { IdentifierSchema } from "@fieldloop/devices";
import Type, { type Static } from "typebox";
import type { Hub } from "../hub-parts.ts";
import { refuseReserved } from "../rollouts/group.ts";
import { type Device, getDevice } from "./device.ts";

/** The group that a device shall be in, null for none; a device is in one group at most. */
export const DeviceGroupSchema = Type.Object({ group: Type.Union([IdentifierSchema, Type.Null()]) });
export type DeviceGroup = Static<typeof DeviceGroupSchema>;

/** Puts a device into a group, in place of the one it was in. @throws {HubError} `not-found`, `bad-request` */
export async function setDeviceGroup(hub: Hub, device: string, { group }: DeviceGroup): Promise<Device> {
  await getDevice(hub, device);
  refuseReserved(group);
  const at = hub.clock();
  await hub.decide("device-group", `device-group ${device} ${at} ${group ?? ""}`, { device, group });
  return getDevice(hub, device);
}
