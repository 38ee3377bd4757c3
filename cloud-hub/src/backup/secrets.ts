import { createCipheriv, createDecipheriv, randomBytes, scrypt } from "node:crypto";
import { promisify } from "node:util";
import { decodeCbor, encodeCbor } from "@fieldloop/devices";
import { HubError } from "../errors.ts";

/** Secret files by their path below the data folder. */
export type SecretFiles = Readonly<Record<string, Uint8Array>>;

const derive = promisify((passphrase: string, salt: Uint8Array, done: (error: Error | null, key: Buffer) => void) =>
  scrypt(passphrase, salt, 32, { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 }, done),
);

/** Seals files with a passphrase: AES-256-GCM under a key that scrypt (RFC 7914, N = 2^15) makes of it. */
export async function sealSecrets(files: SecretFiles, passphrase: string): Promise<Uint8Array> {
  const [salt, nonce] = [randomBytes(16), randomBytes(12)];
  const cipher = createCipheriv("aes-256-gcm", await derive(passphrase, salt), nonce);
  const sealed = Buffer.concat([cipher.update(encodeCbor({ v: 1, files })), cipher.final()]);
  return encodeCbor({
    v: 1,
    salt: new Uint8Array(salt),
    nonce: new Uint8Array(nonce),
    tag: new Uint8Array(cipher.getAuthTag()),
    sealed: new Uint8Array(sealed),
  });
}

/** Opens what {@link sealSecrets} sealed. @throws {HubError} `bad-passphrase` */
export async function openSecrets(bytes: Uint8Array, passphrase: string): Promise<SecretFiles> {
  type Sealed = { salt: Uint8Array; nonce: Uint8Array; tag: Uint8Array; sealed: Uint8Array };
  try {
    const { salt, nonce, tag, sealed } = decodeCbor(bytes) as Sealed; // authenticated below before any of it is used
    const decipher = createDecipheriv("aes-256-gcm", await derive(passphrase, salt), nonce);
    decipher.setAuthTag(tag);
    const opened = Buffer.concat([decipher.update(sealed), decipher.final()]);
    return (decodeCbor(opened) as { files: SecretFiles }).files;
  } catch (cause) {
    throw new HubError(
      "bad-passphrase",
      "Expected the passphrase that the backup was made with, but its secrets do not open with this one.",
      { cause },
    );
  }
}
