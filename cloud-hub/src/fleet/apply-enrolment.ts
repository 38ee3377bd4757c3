import { HubError } from "../errors.ts";
import type { FleetApplier } from "../inbox/fleet-applier.ts";

/** A device's enrolment: the code is its key's from then on, and the credential is the newest that was issued. */
export type EnrolmentDecision = {
  readonly device: string;
  readonly secretHash: string;
  readonly publicKey: string;
  readonly credentialHash: string;
  readonly at: number;
};

/** Binds a code to the key that used it. @throws {HubError} `code-used` by another key */
export const applyEnrolment: FleetApplier<EnrolmentDecision> = async (session, fleet, decision) => {
  const { device, secretHash, publicKey, credentialHash, at } = decision;
  const { affected } = await session.query(
    `update enrolments set used_by = $3, used_at = coalesce(used_at, $4)
     where fleet = $1 and secret_hash = $2 and (used_by is null or used_by = $3)`,
    [fleet, secretHash, publicKey, at],
  );
  if (affected === 0) throw codeUsed(device);
  await session.query(
    `update devices set public_key = $3, credential_hash = $4, enrolled_at = $5 where fleet = $1 and device = $2`,
    [fleet, device, publicKey, credentialHash, at],
  );
};

/** The sentence for a code that another key used. */
export const codeUsed = (device: string): HubError =>
  new HubError(
    "code-used",
    `The code of device ${device} was used by another key already; if that was not you, look into it, then add a device with a new name.`,
  );
