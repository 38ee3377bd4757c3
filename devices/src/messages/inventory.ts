import Type, { type Static } from "typebox";
import { DigestSchema, EpochSchema, IdentifierSchema } from "../identifiers.ts";

/** What a device says of itself when it connects, when its release changes, when asked, and every minute: the `hello` message. */
export const InventorySchema = Type.Object({
  v: Type.Literal(1),
  profile: IdentifierSchema,
  simulated: Type.Boolean(),
  runtimeVersion: Type.String({ maxLength: 64 }),
  /** The engine that the running release is in, the preferred one while none runs. */
  engine: Type.String({ maxLength: 200 }),
  /** The target whose variant runs. */
  target: Type.Optional(IdentifierSchema),
  epoch: EpochSchema,
  release: Type.Union([DigestSchema, Type.Null()]),
  desiredNumber: Type.Integer({ minimum: 0 }),
  startedAt: Type.Integer({ minimum: 0 }),
  frames: Type.Integer({ minimum: 0 }),
  journal: Type.Record(
    Type.String({ maxLength: 32 }),
    Type.Object({
      lastSeq: Type.Integer({ minimum: 0 }),
      waiting: Type.Integer({ minimum: 0 }),
      waitingBytes: Type.Integer({ minimum: 0 }),
      evicted: Type.Integer({ minimum: 0 }),
      /** What a receipt released: a hub that was restored from an older backup learns from it what will not come again. */
      releasedUpTo: Type.Optional(Type.Integer({ minimum: 0 })),
    }),
  ),
  temperatureC: Type.Optional(Type.Number()),
  /** By the device's own clock, so that the hub can tell how far that one is off. */
  sentAt: Type.Optional(Type.Integer({ minimum: 0 })),
  /** How often an engine ended by itself since `startedAt` and was started anew. */
  engineRestarts: Type.Optional(Type.Integer({ minimum: 0 })),
});
export type Inventory = Static<typeof InventorySchema>;
