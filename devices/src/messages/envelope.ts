import Type, { type Static } from "typebox";
import { BytesSchema } from "../bytes.ts";
import { EpochSchema } from "../identifiers.ts";
import { LaneSchema } from "../lanes.ts";

/** The largest uplink message, in bytes; the broker refuses more before reading it. */
export const uplinkMessageBytes = 224 * 1024;

/** The kinds of journal record, each with a body schema of its own. */
export const RecordKindSchema = Type.Enum([
  "predictions",
  "sketch",
  "sample",
  "outcome",
  "gap",
  "halving",
  "release-event",
]);
export type RecordKind = Static<typeof RecordKindSchema>;

/** One journal record on the wire; (fleet, device, epoch, lane, seq) is its identity everywhere. */
export const WireRecordSchema = Type.Object({
  seq: Type.Integer({ minimum: 1 }),
  at: Type.Integer({ minimum: 0 }),
  kind: RecordKindSchema,
  body: BytesSchema(uplinkMessageBytes),
});
export type WireRecord = Static<typeof WireRecordSchema>;

/** What a device publishes on `up/records`: records of one lane in order of their sequence numbers. */
export const UplinkEnvelopeSchema = Type.Object({
  v: Type.Literal(1),
  epoch: EpochSchema,
  lane: LaneSchema,
  records: Type.Array(WireRecordSchema, { minItems: 1, maxItems: 256 }),
});
export type UplinkEnvelope = Static<typeof UplinkEnvelopeSchema>;
