import type { Static, TSchema } from "typebox";
import { decodeCbor, encodeCbor } from "../cbor.ts";
import { DevicesError } from "../errors.ts";
import { GoldenSetSchema } from "../release/golden.ts";
import { validatorOf } from "../validator.ts";
import { GapBodySchema, HalvingBodySchema, OutcomeBodySchema, ReleaseEventBodySchema } from "./control.ts";
import { CommandSchema, DesiredStateSchema, ReceiptSchema, SignedSchema } from "./downlink.ts";
import { UplinkEnvelopeSchema, uplinkMessageBytes } from "./envelope.ts";
import { InventorySchema } from "./inventory.ts";
import { PredictionsBodySchema } from "./prediction.ts";
import { SampleBodySchema } from "./sample.ts";
import { SketchBodySchema } from "./sketch.ts";

const schemas = {
  predictions: PredictionsBodySchema,
  sketch: SketchBodySchema,
  sample: SampleBodySchema,
  outcome: OutcomeBodySchema,
  gap: GapBodySchema,
  halving: HalvingBodySchema,
  "release-event": ReleaseEventBodySchema,
  hello: InventorySchema,
  envelope: UplinkEnvelopeSchema,
  receipt: ReceiptSchema,
  "desired-state": DesiredStateSchema,
  command: CommandSchema,
  signed: SignedSchema,
  golden: GoldenSetSchema,
} as const satisfies Record<string, TSchema>;

/** The kinds of message that hub and device exchange. */
export type MessageKind = keyof typeof schemas;
/** The decoded form of a kind of message. */
export type Message<Kind extends MessageKind> = Static<(typeof schemas)[Kind]>;

const largest: Partial<Record<MessageKind, number>> = { golden: 16 * 1024 * 1024, signed: 1024 * 1024 + 256 };

/**
 * Encodes a message as CBOR after checking it against its schema.
 * @throws {DevicesError} `malformed-message`, `unknown-version`
 */
export function encodeMessage<Kind extends MessageKind>(kind: Kind, value: Message<Kind>): Uint8Array {
  check(kind, value);
  return encodeCbor(value);
}

/**
 * Decodes and checks a message.
 * @throws {DevicesError} `too-large`, `malformed-message`, `unknown-version`
 */
export function decodeMessage<Kind extends MessageKind>(kind: Kind, bytes: Uint8Array): Message<Kind> {
  const limit = largest[kind] ?? uplinkMessageBytes;
  if (bytes.byteLength > limit) {
    throw new DevicesError(
      "too-large",
      `Expected a ${kind} message of at most ${limit} bytes, got ${bytes.byteLength}; split it.`,
    );
  }
  let value: unknown;
  try {
    value = decodeCbor(bytes);
  } catch (cause) {
    throw new DevicesError(
      "malformed-message",
      `Expected a ${kind} message in CBOR, got ${bytes.byteLength} bytes that do not decode; it was cut or is not ours.`,
      { cause },
    );
  }
  check(kind, value);
  return value as Message<Kind>; // checked against the schema of this kind one line above
}

function check(kind: MessageKind, value: unknown): void {
  const validator = validatorOf(schemas[kind]);
  if (validator.Check(value)) return;
  const version = typeof value === "object" && value !== null ? (value as { v?: unknown }).v : undefined;
  if (typeof version === "number" && version !== 1) {
    throw new DevicesError(
      "unknown-version",
      `Expected version 1 of a ${kind} message, got version ${version}; update the side that reads it.`,
    );
  }
  const first = validator.Errors(value)[0];
  throw new DevicesError(
    "malformed-message",
    `Expected a ${kind} message by its schema; at "${first?.instancePath || "/"}" it ${first?.message ?? "differs"}.`,
  );
}
