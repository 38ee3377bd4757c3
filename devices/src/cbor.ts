import { Encoder } from "cbor-x";

const encoder = new Encoder({ useRecords: false, variableMapSize: true, tagUint8Array: false, mapsAsObjects: true });

/**
 * Encodes a value as CBOR (RFC 8949): maps keep their insertion order, bytes are byte strings, a Float32Array is
 * tag 85 (RFC 8746).
 */
export function encodeCbor(value: unknown): Uint8Array {
  return Uint8Array.from(encoder.encode(value));
}

/**
 * Decodes one CBOR value; the result is untrusted and must be checked against a schema.
 * @throws {Error} when the bytes are not one whole CBOR item
 */
export function decodeCbor(bytes: Uint8Array): unknown {
  return encoder.decode(bytes);
}
