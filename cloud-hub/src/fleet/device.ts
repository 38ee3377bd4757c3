import {
  encodeEnrolmentCode,
  IdentifierSchema,
  InventorySchema,
  profileNamed,
  type ReleaseEventBody,
} from "@fieldloop/devices";
import Type, { type Static } from "typebox";
import { HubError } from "../errors.ts";
import type { Hub } from "../hub-parts.ts";
import { refuseReserved } from "../rollouts/group.ts";
import { clockSentence } from "./clock-offset.ts";
import { hashSecret, newSecret } from "./credential.ts";
import { DeviceHealthSchema, deviceHealth, type HealthSigns } from "./device-health.ts";
import { fleetSigns, type RecentSigns, recentSigns } from "./device-signs.ts";

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

/**
 * A device of the fleet. release: what it last took over for good · desired: what it shall run · reported: its inventory ·
 * lastSeen: its newest packet · health: with a sentence for people · notes: what an operator should know beside it ·
 * waiting: in its journal when it last said so · clockOffsetMs: added to its times to get the hub's, 0 while they agree
 */
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
  connected: Type.Boolean(),
  connectedAt: Type.Union([Type.Integer(), Type.Null()]),
  disconnectedAt: Type.Union([Type.Integer(), Type.Null()]),
  health: DeviceHealthSchema,
  notes: Type.Array(Type.Object({ kind: Type.Enum(["clock", "window", "release", "twin"]), sentence: Type.String() })),
  temperatureC: Type.Union([Type.Number(), Type.Null()]),
  waiting: Type.Union([Type.Object({ records: Type.Integer(), bytes: Type.Integer() }), Type.Null()]),
  clockOffsetMs: Type.Integer(),
});
export type Device = Static<typeof DeviceSchema>;

const codeLifeMs = 24 * 60 * 60 * 1000;

/** Adds a device and issues a one-time code for it; adding an un-enrolled device again replaces its code. */
export async function addDevice(hub: Hub, request: NewDevice): Promise<AddedDevice> {
  profileNamed(request.profile);
  refuseReserved(request.group);
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

type Row = Pick<
  Device,
  | "device"
  | "profile"
  | "group"
  | "simulated"
  | "enrolled"
  | "createdAt"
  | "lastSeen"
  | "release"
  | "desired"
  | "reported"
> & {
  readonly connectedAt: number | null;
  readonly disconnectedAt: number | null;
  readonly enrolledAt: number | null;
  readonly clockOffsetMs: number;
  readonly unassignedRelease: string | null;
  readonly twinAt: number | null;
  readonly lastEvent: Partial<ReleaseEventBody> | null;
  readonly lastNotes: Device["notes"] | null;
};

const lastEvent = (what: string, states: string): string => `(select ${what} from device_events e
   where e.fleet = d.fleet and e.device = d.device and e.kind = 'release-event' and e.body ->> 'state' in (${states})
   order by e.received_at desc, e.epoch, e.seq desc limit 1)`;

const columns = `d.device, d.profile, d.group_name as "group", d.simulated, d.public_key is not null as enrolled,
  d.created_at as "createdAt", d.last_seen as "lastSeen", d.inventory as reported, d.enrolled_at as "enrolledAt",
  d.connected_at as "connectedAt", d.disconnected_at as "disconnectedAt", d.clock_offset_ms as "clockOffsetMs",
  d.unassigned_release as "unassignedRelease", d.twin_at as "twinAt",
  (select jsonb_build_object('number', s.number, 'release', s.release) from desired_states s
   where s.fleet = d.fleet and s.device = d.device order by s.number desc limit 1) as desired,
  ${lastEvent("case when e.body ->> 'state' = 'good' then e.body ->> 'release' end", "'good', 'rolled-back'")} as release,
  ${lastEvent("e.body", "'good', 'staged', 'refused', 'rolled-back'")} as "lastEvent",
  (select jsonb_agg(jsonb_build_object('kind', n.kind, 'sentence', n.sentence)) from (
     select distinct on (k.sentence) k.kind, k.sentence from device_notes k
     where k.fleet = d.fleet and k.device = d.device and k.kind = 'window' and k.at > $2 order by k.sentence
   ) n) as "lastNotes"`;

const notesForMs = 60 * 60_000;

/** What of the hub it takes to look at devices. */
export type DeviceReader = Pick<Hub, "fleet" | "rows" | "clock" | "presence">;

/** The fleet's devices by name. */
export async function listDevices(hub: DeviceReader): Promise<Device[]> {
  const rows = await hub.rows<Row>(
    `select ${columns} from devices d where d.fleet = $1 order by d.device limit 10000`,
    [hub.fleet, hub.clock() - notesForMs],
  );
  const signs = await fleetSigns(hub);
  return rows.map((row) => fromRow(hub, row, signs(row.device)));
}

/** One device. @throws {HubError} `not-found` */
export async function getDevice(hub: DeviceReader, device: string): Promise<Device> {
  const [row] = await hub.rows<Row>(`select ${columns} from devices d where d.fleet = $1 and d.device = $3`, [
    hub.fleet,
    hub.clock() - notesForMs,
    device,
  ]);
  if (row !== undefined) return fromRow(hub, row, (await recentSigns(hub, device))(device));
  throw new HubError("not-found", `Expected a device of fleet ${hub.fleet}, found none named ${device}; add it first.`);
}

function fromRow(hub: DeviceReader, row: Row, signs: RecentSigns): Device {
  const { unassignedRelease, twinAt, lastEvent, lastNotes, enrolledAt, ...kept } = row;
  const session = hub.presence.of(row.device);
  const lastSeen = newest([row.lastSeen, session?.heardAt]);
  const clockOffsetMs = Number(row.clockOffsetMs);
  const waiting = waitingOf(row.reported);
  const health = deviceHealth({
    now: hub.clock(),
    enrolledAt: enrolledAt === null ? null : Number(enrolledAt),
    isConnected: session?.isOpen === true,
    heardAt: lastSeen === null ? null : newest([lastSeen, session?.disconnectedAt, hub.presence.since]),
    clockOffsetMs,
    unassignedRelease,
    twinAt: twinAt === null ? null : Number(twinAt),
    refusal: refusalOf(row),
    waiting: waiting?.records ?? 0,
    ...signs,
  });
  const clock = clockSentence(clockOffsetMs);
  return {
    ...kept,
    createdAt: Number(row.createdAt),
    lastSeen,
    release: row.release ?? row.reported?.release ?? null,
    connected: session?.isOpen === true,
    connectedAt: newest([row.connectedAt, session?.connectedAt]),
    disconnectedAt: session?.isOpen === true ? null : newest([row.disconnectedAt, session?.disconnectedAt]),
    health,
    notes: [...(clock === undefined ? [] : [{ kind: "clock" as const, sentence: clock }]), ...(lastNotes ?? [])],
    temperatureC: row.reported?.temperatureC ?? null,
    waiting,
    clockOffsetMs,
  };
}

function newest(times: readonly (number | null | undefined)[]): number | null {
  const known = times.filter((at) => at !== null && at !== undefined).map(Number);
  return known.length === 0 ? null : Math.max(...known);
}

function waitingOf(reported: Device["reported"]): Device["waiting"] {
  if (reported === null) return null;
  const lanes = Object.values(reported.journal);
  const sum = (part: "waiting" | "waitingBytes") => lanes.reduce((total, lane) => total + lane[part], 0);
  return { records: sum("waiting"), bytes: sum("waitingBytes") };
}

/** Why the device does not run what it shall run, as far as its newest word on a release says. */
function refusalOf({ lastEvent: event, desired }: Row): HealthSigns["refusal"] {
  if (event?.state !== "refused" && event?.state !== "rolled-back") return null;
  const isReplaced = event.code === "stale-desired-state";
  if (desired === null || event.release !== desired.release || isReplaced) return null;
  return { release: desired.release, code: event.code ?? null, reason: event.reason ?? null };
}
