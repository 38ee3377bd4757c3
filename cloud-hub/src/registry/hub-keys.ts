import { mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeKeyPair, encodePrivateKey, encodePublicKey, generateKeyPair, type KeyPair } from "@fieldloop/devices";
import { HubError } from "../errors.ts";

/**
 * The hub's Ed25519 key pair from `keys/hub-ed25519.pem`, made on the first start; only its owner can read the file.
 * pinned: the public key that devices of this folder know
 * @throws {HubError} `bad-data-folder` when that key is gone, for example after a restore without passphrase
 */
export async function loadOrCreateHubKeys(dataDir: string, pinned: string | undefined): Promise<KeyPair> {
  const folder = join(dataDir, "keys");
  const path = join(folder, "hub-ed25519.pem");
  const pem = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  const existing = pem === undefined ? undefined : decodeKeyPair(pem);
  if (pinned !== undefined && (existing === undefined || encodePublicKey(existing.publicKey) !== pinned)) {
    throw new HubError(
      "bad-data-folder",
      `Expected the signing key ${pinned.slice(0, 12)}…, which this fleet's devices trust, in ${path}, found ${existing === undefined ? "none" : "another one"}; put it back, or restore the backup with its passphrase.`,
    );
  }
  if (existing !== undefined) return existing;
  const keys = generateKeyPair();
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(encodePrivateKey(keys.privateKey));
    await file.sync();
  } finally {
    await file.close();
  }
  await syncFolder(folder);
  return keys;
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
