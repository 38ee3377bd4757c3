import { decodePublicKey, IdentifierSchema } from "@fieldloop/devices";
import Type, { type Static } from "typebox";
import { HubError } from "../errors.ts";
import type { Hub } from "../hub-parts.ts";
import { codeUsed } from "./apply-enrolment.ts";
import { hashSecret, newSecret } from "./credential.ts";

/** What a device shows to enrol: the code's secret and a public key that it made itself. */
export const EnrolmentRequestSchema = Type.Object({
  secret: Type.String({ pattern: "^[A-Za-z0-9_-]{43}$" }),
  publicKey: Type.String({ pattern: "^[A-Za-z0-9_-]{43}$" }),
  profile: IdentifierSchema,
  inventory: Type.Optional(Type.Record(Type.String({ maxLength: 64 }), Type.Unknown())),
});
export type EnrolmentRequest = Static<typeof EnrolmentRequestSchema>;

/** What a device gets: its name, its own credential, where to connect and the key that it pins. */
export const EnrolmentAnswerSchema = Type.Object({
  fleet: Type.String(),
  device: Type.String(),
  mqttUrl: Type.String(),
  httpUrl: Type.String(),
  credential: Type.String(),
  hubPublicKey: Type.String(),
  fingerprint: Type.Optional(Type.String()),
});
export type EnrolmentAnswer = Static<typeof EnrolmentAnswerSchema>;

type CodeRow = {
  readonly device: string;
  readonly profile: string;
  readonly expiresAt: number;
  readonly usedBy: string | null;
};

/**
 * Turns a one-time code into a device's credential. The same key may repeat the call (its first answer may have been
 * lost) and gets a fresh credential; another key is refused.
 * @throws {HubError} `bad-code`, `code-expired`, `code-used`, `wrong-profile`
 */
export async function enrolDevice(hub: Hub, request: EnrolmentRequest): Promise<EnrolmentAnswer> {
  decodePublicKey(request.publicKey);
  const code = await codeOf(hub, request.secret);
  refuseUnlessUsable(hub, code, request);
  const credential = newSecret();
  const { httpUrl, mqttUrl, fingerprint } = hub.address();
  await hub.decide("enrolment", `enrolment ${hashSecret(credential)}`, {
    device: code.device,
    secretHash: hashSecret(request.secret),
    publicKey: request.publicKey,
    credentialHash: hashSecret(credential),
    at: hub.clock(),
  });
  return {
    fleet: hub.fleet,
    device: code.device,
    mqttUrl,
    httpUrl,
    credential,
    hubPublicKey: hub.publicKey,
    ...(fingerprint === undefined ? {} : { fingerprint }),
  };
}

async function codeOf(hub: Hub, secret: string): Promise<CodeRow> {
  const [row] = await hub.rows<CodeRow>(
    `select e.device, d.profile, e.expires_at as "expiresAt", e.used_by as "usedBy"
     from enrolments e join devices d on d.fleet = e.fleet and d.device = e.device
     where e.fleet = $1 and e.secret_hash = $2`,
    [hub.fleet, hashSecret(secret)],
  );
  if (row !== undefined) return row;
  throw new HubError(
    "bad-code",
    "Expected a code that this hub issued and has not replaced; add the device again for a new one.",
  );
}

function refuseUnlessUsable(hub: Hub, code: CodeRow, request: EnrolmentRequest): void {
  if (code.usedBy !== null && code.usedBy !== request.publicKey) throw codeUsed(code.device);
  if (code.usedBy === null && Number(code.expiresAt) < hub.clock()) {
    throw new HubError(
      "code-expired",
      `The code of device ${code.device} expired; add the device again for a new one.`,
    );
  }
  if (code.profile !== request.profile) {
    throw new HubError(
      "wrong-profile",
      `Expected a machine of profile ${code.profile} for device ${code.device}, this one is ${request.profile}; add it with --profile ${request.profile}.`,
    );
  }
}
