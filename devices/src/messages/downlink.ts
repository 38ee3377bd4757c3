import Type, { type Static } from "typebox";
import { BytesSchema } from "../bytes.ts";
import { DigestSchema, EpochSchema, IdentifierSchema } from "../identifiers.ts";
import { LaneSchema } from "../lanes.ts";

/** What the hub has stored durably: every record of the lane up to `upTo` is in its table or named by a gap record. */
export const ReceiptSchema = Type.Object({
  v: Type.Literal(1),
  fleet: IdentifierSchema,
  device: IdentifierSchema,
  epoch: EpochSchema,
  lane: LaneSchema,
  upTo: Type.Integer({ minimum: 0 }),
});
export type Receipt = Static<typeof ReceiptSchema>;

/** What one device runs now; `number` only ever grows for a device, a lower or equal one is refused. */
export const DesiredStateSchema = Type.Object({
  v: Type.Literal(1),
  fleet: IdentifierSchema,
  device: IdentifierSchema,
  number: Type.Integer({ minimum: 1 }),
  release: DigestSchema,
  issuedAt: Type.Integer({ minimum: 0 }),
});
export type DesiredState = Static<typeof DesiredStateSchema>;

/** A request to a device that changes nothing it must remember: say hello again, or send what waits. */
export const CommandSchema = Type.Object({
  v: Type.Literal(1),
  command: Type.Enum(["hello", "flush"]),
  issuedAt: Type.Integer({ minimum: 0 }),
});
export type Command = Static<typeof CommandSchema>;

/** A signed document on the wire: the canonical bytes of a receipt, desired state or manifest, and their signature. */
export const SignedSchema = Type.Object({
  v: Type.Literal(1),
  payload: BytesSchema(1024 * 1024),
  signature: BytesSchema(64),
});
export type Signed = Static<typeof SignedSchema>;
