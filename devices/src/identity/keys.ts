import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { DevicesError } from "../errors.ts";

/** An Ed25519 key pair (RFC 8032). */
export type KeyPair = { readonly privateKey: KeyObject; readonly publicKey: KeyObject };

/** A fresh Ed25519 key pair. */
export function generateKeyPair(): KeyPair {
  return generateKeyPairSync("ed25519");
}

/** The public key as base64url of its 32 raw bytes, as it stands in an identity file and on the wire. */
export function encodePublicKey(key: KeyObject): string {
  const { x } = key.export({ format: "jwk" }) as { x?: string };
  if (x === undefined)
    throw new DevicesError("bad-key", "Expected an Ed25519 public key to encode, got another kind of key.");
  return x;
}

/**
 * Reads a public key from base64url.
 * @throws {DevicesError} `bad-key`
 */
export function decodePublicKey(text: string): KeyObject {
  try {
    return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: text }, format: "jwk" });
  } catch (cause) {
    throw new DevicesError(
      "bad-key",
      "Expected an Ed25519 public key of 32 bytes in base64url; the text does not decode to one.",
      { cause },
    );
  }
}

/** The private key as PKCS #8 PEM, for a file that only its owner reads. */
export function encodePrivateKey(key: KeyObject): string {
  return key.export({ format: "pem", type: "pkcs8" }) as string;
}

/**
 * Reads a key pair from PKCS #8 PEM.
 * @throws {DevicesError} `bad-key`
 */
export function decodeKeyPair(pem: string): KeyPair {
  try {
    const privateKey = createPrivateKey(pem);
    if (privateKey.asymmetricKeyType !== "ed25519") throw new TypeError(`got ${privateKey.asymmetricKeyType}`);
    return { privateKey, publicKey: createPublicKey(privateKey) };
  } catch (cause) {
    throw new DevicesError(
      "bad-key",
      "Expected an Ed25519 private key in PKCS #8 PEM; restore the key file from its backup.",
      { cause },
    );
  }
}
