import { createHash } from "node:crypto";
import {
  DevicesError,
  decodeMessage,
  type Inventory,
  type Lane,
  type Message,
  type RecordKind,
  type WireRecord,
} from "@fieldloop/devices";
import type { Arrival } from "../inbox/arrival.ts";

/** Why something was not taken in; `unknown-version` may come again once the hub knows it. */
export interface Fault {
  readonly code: "malformed-message" | "unknown-version" | "too-large" | "wrong-lane" | "unstorable";
  readonly reason: string;
}

/** A record's body by its kind. */
export type RecordContent = { [Kind in RecordKind]: { readonly kind: Kind; readonly body: Message<Kind> } }[RecordKind];

/** One record of an envelope. digest: 32 hex digits over kind, time and body, by which a repeat is known */
export interface ParsedRecord {
  readonly seq: number;
  readonly at: number;
  readonly kind: RecordKind;
  readonly digest: string;
  readonly bytes: Uint8Array;
  readonly content: RecordContent | undefined;
  readonly fault: Fault | undefined;
}

/** An arrival after decoding and checking it against the schemas. */
export type ParsedArrival = { readonly arrival: Arrival } & (
  | { readonly kind: "records"; readonly epoch: string; readonly lane: Lane; readonly records: readonly ParsedRecord[] }
  | { readonly kind: "hello"; readonly inventory: Inventory }
  | { readonly kind: "refused"; readonly fault: Fault }
);

const lanesOf: Readonly<Record<RecordKind, readonly Lane[]>> = {
  predictions: ["predictions"],
  sketch: ["sketches"],
  sample: ["samples", "audit"],
  outcome: ["control"],
  gap: ["control"],
  halving: ["control"],
  "release-event": ["control"],
};

/** Decodes and checks an arrival; whatever is wrong with it is part of the answer, never thrown. */
export function parseArrival(arrival: Arrival): ParsedArrival {
  try {
    if (arrival.channel === "hello") return parseHello(arrival);
    const { epoch, lane, records } = decodeMessage("envelope", arrival.payload);
    return { arrival, kind: "records", epoch, lane, records: records.map((record) => parseRecord(record, lane)) };
  } catch (error) {
    return { arrival, kind: "refused", fault: faultOf(error) };
  }
}

function parseHello(arrival: Arrival): ParsedArrival {
  const inventory = decodeMessage("hello", arrival.payload);
  const fault = storableFault(inventory);
  return fault === undefined ? { arrival, kind: "hello", inventory } : { arrival, kind: "refused", fault };
}

function parseRecord({ seq, at, kind, body }: WireRecord, lane: Lane): ParsedRecord {
  const digest = createHash("sha256").update(`${kind} ${at}\n`).update(body).digest("hex").slice(0, 32);
  const record = { seq, at, kind, digest, bytes: body };
  if (!lanesOf[kind].includes(lane)) {
    const reason = `Expected a record of kind ${kind} in lane ${lanesOf[kind].join(" or ")}, got it in lane ${lane}.`;
    return { ...record, content: undefined, fault: { code: "wrong-lane", reason } };
  }
  try {
    // One kind at a time, so kind and body belong together.
    const content = { kind, body: decodeMessage(kind, body) } as RecordContent;
    return { ...record, content, fault: consistencyFault(content) ?? storableFault(content.body) };
  } catch (error) {
    return { ...record, content: undefined, fault: faultOf(error) };
  }
}

function consistencyFault(content: RecordContent): Fault | undefined {
  if (content.kind !== "gap" || content.body.from <= content.body.to) return undefined;
  const { from, to } = content.body;
  return { code: "malformed-message", reason: `Expected a gap from a lower to a higher number, got ${from} to ${to}.` };
}

/** PostgreSQL keeps no NUL and no half of a surrogate pair in text. */
function storableFault(value: unknown, path = ""): Fault | undefined {
  const refuse = (what: string): Fault => ({
    code: "malformed-message",
    reason: `Expected ${what} at "${path || "/"}".`,
  });
  if (typeof value === "string") {
    return value.includes("\0") || !value.isWellFormed() ? refuse("text without NUL and half surrogates") : undefined;
  }
  if (ArrayBuffer.isView(value)) return undefined;
  if (typeof value !== "object" || value === null) return undefined;
  for (const [name, part] of Object.entries(value)) {
    const fault = storableFault(name, `${path}/…`) ?? storableFault(part, `${path}/${name}`);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function faultOf(error: unknown): Fault {
  if (!(error instanceof DevicesError)) throw error;
  const code = error.code === "unknown-version" || error.code === "too-large" ? error.code : "malformed-message";
  return { code, reason: error.message };
}
