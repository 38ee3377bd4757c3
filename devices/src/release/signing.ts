import { type KeyObject, sign, verify } from "node:crypto";
import type { TSchema } from "typebox";
import {
  type DesiredState,
  DesiredStateSchema,
  type Receipt,
  ReceiptSchema,
  type Signed,
} from "../messages/downlink.ts";
import { validatorOf } from "../validator.ts";
import { canonicalBytes } from "./canonical.ts";
import { type ReleaseManifest, ReleaseManifestSchema } from "./manifest.ts";

const domains = {
  release: "fieldloop-release-v1\n",
  desired: "fieldloop-desired-state-v1\n",
  receipt: "fieldloop-receipt-v1\n",
} as const;
type Domain = keyof typeof domains;

/** Why a signed document was not accepted. */
export type Refusal = { readonly ok: false; readonly why: "bad-signature" | "malformed" };
/** A document whose signature and schema were checked, with the bytes that were signed. */
export type Verified<T> = { readonly ok: true; readonly value: T; readonly bytes: Uint8Array };

/** Signs a release manifest with the hub's key (Ed25519, RFC 8032, over a domain prefix and RFC 8785 bytes). */
export const signRelease = (manifest: ReleaseManifest, key: KeyObject): Signed =>
  signDocument("release", manifest, key);
/** Signs what one device shall run. */
export const signDesiredState = (state: DesiredState, key: KeyObject): Signed => signDocument("desired", state, key);
/** Signs what the hub has stored of one lane. */
export const signReceipt = (receipt: Receipt, key: KeyObject): Signed => signDocument("receipt", receipt, key);

/** Checks signature, then schema of a release manifest; `bytes` are what its digest is taken over. */
export const verifyRelease = (signed: Signed, key: KeyObject): Verified<ReleaseManifest> | Refusal =>
  verifyDocument<ReleaseManifest>("release", ReleaseManifestSchema, signed, key);
/** Checks signature, then schema of a desired state. */
export const verifyDesiredState = (signed: Signed, key: KeyObject): Verified<DesiredState> | Refusal =>
  verifyDocument<DesiredState>("desired", DesiredStateSchema, signed, key);
/** Checks signature, then schema of a receipt. */
export const verifyReceipt = (signed: Signed, key: KeyObject): Verified<Receipt> | Refusal =>
  verifyDocument<Receipt>("receipt", ReceiptSchema, signed, key);

function signDocument(domain: Domain, value: unknown, key: KeyObject): Signed {
  const payload = canonicalBytes(value);
  return { v: 1, payload, signature: Uint8Array.from(sign(null, signedBytes(domain, payload), key)) };
}

function verifyDocument<T>(domain: Domain, schema: TSchema, signed: Signed, key: KeyObject): Verified<T> | Refusal {
  if (!verify(null, signedBytes(domain, signed.payload), key, signed.signature))
    return { ok: false, why: "bad-signature" };
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(signed.payload));
  } catch {
    return { ok: false, why: "malformed" };
  }
  if (!validatorOf(schema).Check(value)) return { ok: false, why: "malformed" };
  return { ok: true, value: value as T, bytes: signed.payload }; // T is the schema's static type at each call above
}

function signedBytes(domain: Domain, payload: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(domains[domain]), payload]);
}
