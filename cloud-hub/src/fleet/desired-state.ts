import {
  DigestSchema,
  encodeMessage,
  IdentifierSchema,
  type ReleaseManifest,
  signDesiredState,
} from "@fieldloop/devices";
import Type, { type Static } from "typebox";
import { HubError } from "../errors.ts";
import type { Hub } from "../hub-parts.ts";
import { getRelease } from "../registry/release.ts";
import { getDevice } from "./device.ts";

/**
 * Tells a device to run a release.
 * force: also when the release has no variant for the device's profile · carried: signed for a bundle that somebody carries
 * to the device; it is not sent now, only when the device next connects
 */
export const DesiredRequestSchema = Type.Object({
  device: IdentifierSchema,
  release: DigestSchema,
  force: Type.Optional(Type.Boolean()),
  carried: Type.Optional(Type.Boolean()),
});
export type DesiredRequest = Static<typeof DesiredRequestSchema>;

/** The number of the desired state; it only ever grows for a device. */
export const DesiredAnswerSchema = Type.Object({
  number: Type.Integer(),
  device: Type.String(),
  release: Type.String(),
});
export type DesiredAnswer = Static<typeof DesiredAnswerSchema>;

const turns = new WeakMap<Hub, Promise<unknown>>();

/**
 * Decides what a device runs, signs it and sends it; naming an older release is how one rolls back.
 * @throws {HubError} `not-found`, `no-variant`
 */
export function setDesiredState(hub: Hub, request: DesiredRequest): Promise<DesiredAnswer> {
  const result = (turns.get(hub) ?? Promise.resolve()).then(() => decideDesiredState(hub, request));
  turns.set(
    hub,
    result.catch(() => undefined),
  ); // one at a time, so that numbers are drawn once
  return result;
}

async function decideDesiredState(
  hub: Hub,
  { device, release, force, carried }: DesiredRequest,
): Promise<DesiredAnswer> {
  const { profile } = await getDevice(hub, device);
  const { manifest } = await getRelease(hub, release);
  if (force !== true) requireVariant(manifest, device, profile);
  const number = (await lastNumber(hub, device)) + 1;
  const issuedAt = hub.clock();
  const state = { v: 1 as const, fleet: hub.fleet, device, number, release, issuedAt };
  const signed = encodeMessage("signed", signDesiredState(state, hub.keys.privateKey));
  await hub.decide("desired-state", `desired ${device} ${number}`, { device, number, release, issuedAt, signed });
  if (carried !== true) await hub.publishDesired(device);
  return { number, device, release };
}

function requireVariant(manifest: ReleaseManifest, device: string, profile: string): void {
  if (manifest.profiles[profile] !== undefined) return;
  throw new HubError(
    "no-variant",
    `Expected a release with a variant for ${profile}, the profile of device ${device}; this one serves ${Object.keys(manifest.profiles).join(", ") || "none"}. Compile and release for it.`,
  );
}

async function lastNumber(hub: Hub, device: string): Promise<number> {
  const [row] = await hub.rows<{ number: number }>(
    "select coalesce(max(number), 0) as number from desired_states where fleet = $1 and device = $2",
    [hub.fleet, device],
  );
  return Number(row?.number ?? 0);
}

/** The newest signed desired state of a device as it goes over the wire, or none. */
export async function signedDesiredState(
  hub: Pick<Hub, "rows" | "fleet">,
  device: string,
): Promise<Uint8Array | undefined> {
  const [row] = await hub.rows<{ signed: Uint8Array }>(
    "select signed from desired_states where fleet = $1 and device = $2 order by number desc limit 1",
    [hub.fleet, device],
  );
  return row === undefined ? undefined : new Uint8Array(row.signed);
}
