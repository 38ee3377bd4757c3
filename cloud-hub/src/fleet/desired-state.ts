import { DigestSchema, IdentifierSchema, type ReleaseManifest } from "@fieldloop/devices";
import Type, { type Static } from "typebox";
import { HubError } from "../errors.ts";
import type { Hub } from "../hub-parts.ts";
import { getRelease } from "../registry/release.ts";
import { leaveRollout } from "../rollouts/leave-rollout.ts";
import { inDesiredTurn, signNext } from "./desired-turn.ts";
import { getDevice } from "./device.ts";

/**
 * Tells a device to run a release.
 * force: also when the release has no variant for the device's profile, and when a rollout has the device, which leaves it ·
 * carried: signed for a bundle that somebody carries to the device; it is not sent now, only when the device next connects
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

/**
 * Decides what a device runs, signs it and sends it; naming an older release is how one rolls back. by: who asks
 * @throws {HubError} `not-found`, `no-variant`, `rollout-conflict`
 */
export async function setDesiredState(hub: Hub, request: DesiredRequest, by = "somebody"): Promise<DesiredAnswer> {
  const number = await inDesiredTurn(hub, () => decideDesiredState(hub, request, by));
  if (request.carried !== true) await hub.publishDesired(request.device);
  return { number, device: request.device, release: request.release };
}

async function decideDesiredState(hub: Hub, request: DesiredRequest, by: string): Promise<number> {
  const { device, release, force = false } = request;
  const { profile } = await getDevice(hub, device);
  const { manifest } = await getRelease(hub, release);
  if (!force) requireVariant(manifest, device, profile);
  const left = await leaveRollout(hub, { device, release, force, by });
  if (left !== undefined) return left;
  const [desired] = await signNext(hub, [{ device, release }], hub.clock());
  await hub.decide("desired-state", `desired ${device} ${desired!.number}`, desired!);
  return desired!.number;
}

function requireVariant(manifest: ReleaseManifest, device: string, profile: string): void {
  if (manifest.profiles[profile] !== undefined) return;
  throw new HubError(
    "no-variant",
    `Expected a release with a variant for ${profile}, the profile of device ${device}; this one serves ${Object.keys(manifest.profiles).join(", ") || "none"}. Compile and release for it.`,
  );
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
