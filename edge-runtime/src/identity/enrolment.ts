import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  decodeEnrolmentCode,
  decodeKeyPair,
  encodePrivateKey,
  encodePublicKey,
  generateKeyPair,
  IdentifierSchema,
  type KeyPair,
} from "@fieldloop/devices";
import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { EdgeRuntimeError } from "../errors.ts";
import { type Identity, readIdentity, writeIdentity, writePrivate } from "./identity.ts";
import { machineInventory, machineProfile } from "./machine.ts";
import { type HubAnswer, postPinned } from "./pinned-request.ts";

const AnswerSchema = Type.Object({
  fleet: IdentifierSchema,
  device: IdentifierSchema,
  mqttUrl: Type.String({ pattern: "^mqtts?://", maxLength: 300 }),
  httpUrl: Type.String({ pattern: "^https?://", maxLength: 300 }),
  credential: Type.String({ minLength: 1, maxLength: 300 }),
  hubPublicKey: Type.String({ pattern: "^[A-Za-z0-9_-]{43}$" }),
});
type Answer = Static<typeof AnswerSchema>;

const validator = Compile(AnswerSchema);
const pendingKey = "enrolment.key";

/**
 * Makes a folder the data folder of a device: trades a one-time code for the device's credential and the hub's public
 * key, and writes `identity.json`. The key is kept before it is sent, so the same code may be tried again after a cut.
 * profile: detected unless given · name: what the machine calls itself, its host name unless given
 * @throws {DevicesError} `bad-enrolment-code`, `unknown-profile`
 * @throws {EdgeRuntimeError} `already-enrolled`, `hub-unreachable`, `wrong-fingerprint`, `enrolment-refused`, `unknown-machine`
 */
export async function enrol(
  code: string,
  dir: string,
  options: { readonly profile?: string; readonly name?: string; readonly simulated?: boolean } = {},
): Promise<Identity> {
  const { url, secret, fingerprint } = decodeEnrolmentCode(code);
  const profile = machineProfile(options.profile);
  await requireFresh(dir);
  const keys = await keptKeyPair(dir);
  const answer = await postPinned(new URL("/v1/enrol", url), fingerprint, {
    secret,
    publicKey: encodePublicKey(keys.publicKey),
    profile,
    inventory: machineInventory(options.name),
  });
  const identity: Identity = {
    v: 1,
    ...accepted(answer, url),
    profile,
    simulated: options.simulated ?? false,
    privateKey: encodePrivateKey(keys.privateKey),
    ...(fingerprint === undefined ? {} : { fingerprint }),
  };
  await writeIdentity(dir, identity);
  await rm(join(dir, pendingKey), { force: true });
  return identity;
}

async function requireFresh(dir: string): Promise<void> {
  try {
    const { device, fleet } = await readIdentity(dir);
    throw new EdgeRuntimeError(
      "already-enrolled",
      `Expected a new data folder, but ${dir} already holds device "${device}" of fleet "${fleet}"; use another folder, or delete this one to give the device up.`,
    );
  } catch (error) {
    if (!(error instanceof EdgeRuntimeError && error.code === "not-enrolled")) throw error;
  }
}

async function keptKeyPair(dir: string): Promise<KeyPair> {
  try {
    return decodeKeyPair(await readFile(join(dir, pendingKey), "utf8"));
  } catch {
    const keys = generateKeyPair();
    await writePrivate(dir, pendingKey, encodePrivateKey(keys.privateKey));
    return keys;
  }
}

function accepted({ status, body }: HubAnswer, url: string): Answer {
  const value = jsonOf(body);
  if (status >= 200 && status < 300 && validator.Check(value)) {
    // Named one by one, so that nothing else of the answer enters the identity.
    const { fleet, device, mqttUrl, httpUrl, credential, hubPublicKey } = value;
    return { fleet, device, mqttUrl, httpUrl, credential, hubPublicKey };
  }
  const said = (value as { message?: unknown } | undefined)?.message ?? `status ${status}`;
  throw new EdgeRuntimeError(
    "enrolment-refused",
    `The hub at ${new URL(url).host} refused this enrolment: ${String(said).slice(0, 300)} Codes work once; ask for a fresh one with "fieldloop devices add".`,
  );
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
