import { mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeKeyPair, encodePrivateKey, generateKeyPair, type KeyPair } from "@fieldloop/devices";

/** The hub's Ed25519 key pair from `keys/hub-ed25519.pem`, made on the first start; only its owner can read the file. */
export async function loadOrCreateHubKeys(dataDir: string): Promise<KeyPair> {
  const folder = join(dataDir, "keys");
  const path = join(folder, "hub-ed25519.pem");
  try {
    return decodeKeyPair(await readFile(path, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
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
