import { encodeMessage, type Lane, type RecordKind } from "@fieldloop/devices";
import type { JournalRecord } from "../journal/index.ts";

/** Envelopes are filled up to this many bytes of records; one larger record travels alone. */
export const envelopeBytes = 128 * 1024;
/** The most records of one envelope. */
export const envelopeRecords = 256;

/** The `records` message of consecutive records of one lane; at least one record. */
export function encodeEnvelope(epoch: string, lane: Lane, records: readonly JournalRecord[]): Uint8Array {
  return encodeMessage("envelope", {
    v: 1,
    epoch,
    lane,
    records: records.map(({ seq, at, kind, payload }) => ({ seq, at, kind: kind as RecordKind, body: payload })),
  });
}
