import { encodeEnrolmentCode, IdentifierSchema, InventorySchema, profileNamed } from "@fieldloop/devices";
import Type, { type Static } from "typebox";
import { HubError } from "../errors.ts";
import type { Hub } from "../hub-parts.ts";
import { hashSecret, newSecret } from "./credential.ts";

/** A device to be added. */
export const NewDeviceSchema = Type.Object({
  device: IdentifierSchema,
  profile: IdentifierSchema,
  group: Type.Optional(IdentifierSchema),
  simulated: Type.Optional(Type.Boolean()),
});
export type NewDevice = Static<typeof NewDeviceSchema>;

/** The one-time code of an added device and until when it may be used (ms since 1970). */
export const AddedDeviceSchema = Type.Object({ device: Type.String(), code: Type.String(), expiresAt: Type.Integer() });
export type AddedDevice = Static<typeof AddedDeviceSchema>;

/** A device of the fleet. release: what it last took over for good · desired: what it shall run · reported: its inventory */
export const DeviceSchema = Type.Object({
  device: Type.String(),
  profile: Type.String(),
  group: Type.Union([Type.String(), Type.Null()]),
  simulated: Type.Boolean(),
  enrolled: Type.Boolean(),
  createdAt: Type.Integer(),
  lastSeen: Type.Union([Type.Integer(), Type.Null()]),
  release: Type.Union([Type.String(), Type.Null()]),
  desired: Type.Union([Type.Object({ number: Type.Integer(), release: Type.String() }), Type.Null()]),
  reported: Type.Union([InventorySchema, Type.Null()]),
});
export type Device = Static<typeof DeviceSchema>;

const codeLifeMs = 24 * 60 * 60 * 1000;

/** Adds a device and issues a one-time code for it; adding an un-enrolled device again replaces its code. */
export async function addDevice(hub: Hub, request: NewDevice): Promise<AddedDevice> {
  profileNamed(request.profile);
  const [known] = await hub.rows<{ profile: string; enrolled: boolean }>(
    `select profile, public_key is not null as enrolled from devices where fleet = $1 and device = $2`,
    [hub.fleet, request.device],
  );
  if (known !== undefined && (known.enrolled || known.profile !== request.profile)) {
    throw new HubError(
      "already-there",
      `Expected a new device name, ${request.device} is there already${known.enrolled ? " and enrolled" : ` with profile ${known.profile}`}; choose another name.`,
    );
  }
  const secret = newSecret();
  const expiresAt = hub.clock() + codeLifeMs;
  await hub.decide("device", `device ${hashSecret(secret)}`, {
    device: request.device,
    profile: request.profile,
    group: request.group ?? null,
    simulated: request.simulated ?? false,
    secretHash: hashSecret(secret),
    createdAt: hub.clock(),
    expiresAt,
  });
  const { httpUrl, fingerprint } = hub.address();
  return {
    device: request.device,
    code: encodeEnrolmentCode({ v: 1, url: httpUrl, secret, ...(fingerprint === undefined ? {} : { fingerprint }) }),
    expiresAt,
  };
}

const columns = `d.device, d.profile, d.group_name as "group", d.simulated, d.public_key is not null as enrolled,
  d.created_at as "createdAt", d.last_seen as "lastSeen", d.inventory as reported,
  (select jsonb_build_object('number', s.number, 'release', s.release) from desired_states s
   where s.fleet = d.fleet and s.device = d.device order by s.number desc limit 1) as desired,
  (select case when e.body ->> 'state' = 'good' then e.body ->> 'release' end from device_events e
   where e.fleet = d.fleet and e.device = d.device and e.kind = 'release-event'
   and e.body ->> 'state' in ('good', 'rolled-back') order by e.at desc, e.seq desc limit 1) as release`;

/** The fleet's devices by name. */
export async function listDevices(hub: Hub): Promise<Device[]> {
  const rows = await hub.rows<Device>(
    `select ${columns} from devices d where d.fleet = $1 order by d.device limit 10000`,
    [hub.fleet],
  );
  return rows.map(fromRow);
}

/** One device. @throws {HubError} `not-found` */
export async function getDevice(hub: Hub, device: string): Promise<Device> {
  const [row] = await hub.rows<Device>(`select ${columns} from devices d where d.fleet = $1 and d.device = $2`, [
    hub.fleet,
    device,
  ]);
  if (row !== undefined) return fromRow(row);
  throw new HubError("not-found", `Expected a device of fleet ${hub.fleet}, found none named ${device}; add it first.`);
}

function fromRow(row: Device): Device {
  return {
    ...row,
    createdAt: Number(row.createdAt),
    lastSeen: row.lastSeen === null ? null : Number(row.lastSeen),
    release: row.release ?? row.reported?.release ?? null,
  };
}
