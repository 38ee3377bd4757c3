import Type from "typebox";
import { DevicesError } from "./errors.ts";

const pattern = "^[a-z0-9][a-z0-9_-]{0,63}$";
const expression = new RegExp(pattern);

/** Name of a fleet, group, device, model, head or component: 1–64 of a–z, 0–9, `_`, `-`, starting with a letter or digit. */
export const IdentifierSchema = Type.String({ pattern });

/** Says whether `value` may name a fleet, device, model, head or component. */
export function isIdentifier(value: unknown): value is string {
  return typeof value === "string" && expression.test(value);
}

/**
 * Returns `value` when it is an identifier.
 * what: the thing that it names, for the sentence
 * @throws {DevicesError} `bad-identifier`
 */
export function requireIdentifier(what: string, value: unknown): string {
  if (isIdentifier(value)) return value;
  throw new DevicesError(
    "bad-identifier",
    `Expected the ${what} to be 1 to 64 lower-case letters, digits, "-" or "_", got ${JSON.stringify(value)}; choose another name.`,
  );
}

/** A content address: `sha256:` and 64 lower-case hex digits. */
export const DigestSchema = Type.String({ pattern: "^sha256:[0-9a-f]{64}$" });

/** A journal's epoch: 16 lower-case hex digits, random, made with the journal. */
export const EpochSchema = Type.String({ pattern: "^[0-9a-f]{16}$" });
