import { createHmac } from "node:crypto";

/**
 * A share in [0, 1) that only the holder of `key` can foretell: the first 48 bits of
 * HMAC-SHA256(key, parts joined by `|`), over 2^48 (RFC 2104).
 */
export function keyedShare(key: Uint8Array, ...parts: readonly (string | number)[]): number {
  return createHmac("sha256", key).update(parts.join("|")).digest().readUIntBE(0, 6) / 2 ** 48;
}
