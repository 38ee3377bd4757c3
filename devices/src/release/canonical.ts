import { createHash } from "node:crypto";
import canonicalize from "canonicalize";

/** The canonical JSON bytes of a value (RFC 8785): what is hashed and signed. */
export function canonicalBytes(value: unknown): Uint8Array {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError("Expected a JSON value to canonicalize, got undefined.");
  return new TextEncoder().encode(text);
}

/** The content address of bytes: `sha256:` and 64 hex digits. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
