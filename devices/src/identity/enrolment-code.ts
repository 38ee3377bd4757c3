import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { decodeCbor, encodeCbor } from "../cbor.ts";
import { DevicesError } from "../errors.ts";

const EnrolmentSchema = Type.Object({
  v: Type.Literal(1),
  url: Type.String({ pattern: "^https?://", maxLength: 300 }),
  secret: Type.String({ pattern: "^[A-Za-z0-9_-]{43}$" }),
  fingerprint: Type.Optional(Type.String({ pattern: "^[0-9a-f]{64}$" })),
});

/** What an enrolment code carries: the hub's address, a one-time secret (256 bits) and its certificate's SHA-256. */
export type Enrolment = Static<typeof EnrolmentSchema>;

const validator = Compile(EnrolmentSchema);
const prefix = "fl1_";

/** The one-time code that a person carries from the hub to a device. */
export function encodeEnrolmentCode(enrolment: Enrolment): string {
  return prefix + Buffer.from(encodeCbor(enrolment)).toString("base64url");
}

/**
 * Reads an enrolment code.
 * @throws {DevicesError} `bad-enrolment-code`
 */
export function decodeEnrolmentCode(code: string): Enrolment {
  const trimmed = code.trim();
  if (trimmed.startsWith(prefix) && trimmed.length < 1000) {
    try {
      const value = decodeCbor(Buffer.from(trimmed.slice(prefix.length), "base64url"));
      if (validator.Check(value)) return value;
    } catch {
      // the sentence below says all that a person can act on
    }
  }
  throw new DevicesError(
    "bad-enrolment-code",
    `Expected an enrolment code that starts with ${prefix}, got ${JSON.stringify(trimmed.slice(0, 12))}…; copy the whole line that "fieldloop devices add" printed.`,
  );
}
