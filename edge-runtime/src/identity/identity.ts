import { mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { decodeKeyPair, decodePublicKey, IdentifierSchema } from "@fieldloop/devices";
import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { EdgeRuntimeError } from "../errors.ts";

const IdentitySchema = Type.Object({
  v: Type.Literal(1),
  fleet: IdentifierSchema,
  device: IdentifierSchema,
  profile: IdentifierSchema,
  simulated: Type.Boolean(),
  mqttUrl: Type.String({ pattern: "^mqtts?://", maxLength: 300 }),
  httpUrl: Type.String({ pattern: "^https?://", maxLength: 300 }),
  credential: Type.String({ minLength: 1, maxLength: 300 }),
  hubPublicKey: Type.String({ pattern: "^[A-Za-z0-9_-]{43}$" }),
  privateKey: Type.String({ maxLength: 1000 }),
  fingerprint: Type.Optional(Type.String({ pattern: "^[0-9a-f]{64}$" })),
});

/**
 * Who a device is and whom it trusts: its names, its key (PKCS #8 PEM), its credential, and the hub's addresses, public
 * key and, where pinned, certificate fingerprint.
 */
export type Identity = Static<typeof IdentitySchema>;

const validator = Compile(IdentitySchema);
const fileName = "identity.json";

/**
 * Reads a device's identity from its data folder.
 * @throws {EdgeRuntimeError} `not-enrolled`, `identity-unreadable`
 */
export async function readIdentity(dir: string): Promise<Identity> {
  let text: string;
  try {
    text = await readFile(join(dir, fileName), "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw unreadable(dir, "it cannot be read", cause);
    throw new EdgeRuntimeError(
      "not-enrolled",
      `Expected an enrolled device in ${dir}, found no ${fileName}; run "fieldloop-edge enrol CODE --data ${dir}".`,
    );
  }
  return parsed(dir, text);
}

function parsed(dir: string, text: string): Identity {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw unreadable(dir, "it is not JSON", cause);
  }
  if (!validator.Check(value)) throw unreadable(dir, "a field is missing or wrong");
  try {
    decodeKeyPair(value.privateKey);
    decodePublicKey(value.hubPublicKey);
  } catch (cause) {
    throw unreadable(dir, "a key in it does not decode", cause);
  }
  return value;
}

function unreadable(dir: string, why: string, cause?: unknown): EdgeRuntimeError {
  const sentence = `Expected a device's identity in ${join(dir, fileName)}, but ${why}; restore it or enrol again with a fresh code.`;
  return new EdgeRuntimeError("identity-unreadable", sentence, { cause });
}

/** Writes a device's identity whole or not at all, readable by its owner alone. */
export async function writeIdentity(dir: string, identity: Identity): Promise<void> {
  await writePrivate(dir, fileName, JSON.stringify(identity, null, 2));
}

/** Writes a 0600 file in a folder by temporary file, sync and rename. */
export async function writePrivate(dir: string, name: string, text: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, name);
  const file = await open(`${path}.new`, "w", 0o600);
  try {
    await file.writeFile(`${text}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  const folder = await open(dir, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
