import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Signed, SignedFileName } from "@fieldloop/devices";
import { EdgeRuntimeError } from "../errors.ts";

const maxPayloadBytes = 1024 * 1024;

/**
 * Reads a signed document from a bundle's or slot's folder; nothing is verified yet.
 * @throws {EdgeRuntimeError} `fetch-refused` when a file is missing, too large or malformed
 */
export async function readSigned(dir: string, name: SignedFileName): Promise<Signed> {
  const payload = await readBounded(dir, `${name}.json`);
  const text = await readBounded(dir, `${name}.sig.json`);
  try {
    const { v, signature } = JSON.parse(Buffer.from(text).toString("utf8")) as Record<string, unknown>;
    if (v === 1 && typeof signature === "string") {
      return { v: 1, payload, signature: new Uint8Array(Buffer.from(signature, "base64")) };
    }
  } catch {
    // told below, in words
  }
  throw new EdgeRuntimeError(
    "fetch-refused",
    `Expected {"v": 1, "signature": base64} in ${name}.sig.json, got something else; copy the bundle again.`,
  );
}

async function readBounded(dir: string, file: string): Promise<Uint8Array> {
  let bytes: Buffer;
  try {
    bytes = await readFile(join(dir, file));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new EdgeRuntimeError(
      "fetch-refused",
      `Expected the file ${file} in ${dir}, got ${code}; copy the bundle again.`,
      { cause },
    );
  }
  if (bytes.length > maxPayloadBytes) {
    throw new EdgeRuntimeError(
      "fetch-refused",
      `Expected ${file} to have at most ${maxPayloadBytes} bytes, got ${bytes.length}.`,
    );
  }
  return new Uint8Array(bytes);
}
