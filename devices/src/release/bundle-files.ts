import type { Signed } from "../messages/downlink.ts";

/** The signed documents of a bundle or slot: the manifest of a release, and the desired state that asks for it. */
export type SignedFileName = "manifest" | "desired";

/** The files that hold a signed document in a bundle: its canonical bytes as they were signed, and its signature. */
export function signedFiles(name: SignedFileName, { payload, signature }: Signed): ReadonlyMap<string, Uint8Array> {
  const text = JSON.stringify({ v: 1, signature: Buffer.from(signature).toString("base64") });
  return new Map([
    [`${name}.json`, payload],
    [`${name}.sig.json`, Buffer.from(`${text}\n`)],
  ]);
}
