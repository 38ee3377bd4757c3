import { X509Certificate } from "node:crypto";
import { generate } from "selfsigned";

/** A fresh self-signed certificate for 127.0.0.1, its key, and its SHA-256 fingerprint as identities pin it. For tests. */
export async function makeTinyCertificate() {
  const attributes = [{ name: "commonName", value: "fieldloop test" }];
  const { private: key, cert } = await generate(attributes, { keyType: "ec" });
  const fingerprint = new X509Certificate(cert).fingerprint256.replaceAll(":", "").toLowerCase();
  return { key, cert, fingerprint };
}
