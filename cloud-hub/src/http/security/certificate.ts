import { X509Certificate } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import { generate } from "selfsigned";

/** A TLS key and certificate in PEM, and the certificate's SHA-256 in lower-case hex. */
export type Certificate = { readonly key: string; readonly cert: string; readonly fingerprint: string };

const years = 10;

/**
 * The hub's certificate from `tls/`, made and self-signed for `address` when there is none.
 * A device pins its fingerprint, which the enrolment code carries, so no authority is needed.
 */
export async function loadOrCreateCertificate(dataDir: string, address: string): Promise<Certificate> {
  const folder = join(dataDir, "tls");
  const existing = await readPair(folder);
  if (existing !== undefined) return existing;
  const made = await selfSigned(address);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(join(folder, "key.pem"), made.private, { mode: 0o600 });
  await writeFile(join(folder, "cert.pem"), made.cert, { mode: 0o600 });
  return { key: made.private, cert: made.cert, fingerprint: fingerprintOf(made.cert) };
}

async function readPair(folder: string): Promise<Certificate | undefined> {
  try {
    const key = await readFile(join(folder, "key.pem"), "utf8");
    const cert = await readFile(join(folder, "cert.pem"), "utf8");
    return { key, cert, fingerprint: fingerprintOf(cert) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function selfSigned(address: string): Promise<{ readonly private: string; readonly cert: string }> {
  const notAfterDate = new Date();
  notAfterDate.setFullYear(notAfterDate.getFullYear() + years);
  const named = isIP(address) ? { type: 7 as const, ip: address } : { type: 2 as const, value: address };
  return generate([{ name: "commonName", value: "fieldloop hub" }], {
    keyType: "ec",
    algorithm: "sha256",
    notAfterDate,
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "subjectAltName", altNames: [named, { type: 7, ip: "127.0.0.1" }, { type: 2, value: "localhost" }] },
    ],
  });
}

const fingerprintOf = (cert: string): string =>
  new X509Certificate(cert).fingerprint256.replaceAll(":", "").toLowerCase();
