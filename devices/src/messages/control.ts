import Type, { type Static } from "typebox";
import { DigestSchema } from "../identifiers.ts";
import { LaneSchema } from "../lanes.ts";

/** Body of an `outcome` record: what the application says came of acting on a prediction. */
export const OutcomeBodySchema = Type.Object({
  v: Type.Literal(1),
  prediction: Type.String({ pattern: "^[0-9a-f]{16}-[0-9]{1,15}$" }),
  outcome: Type.String({ minLength: 1, maxLength: 64 }),
  value: Type.Optional(Type.Number()),
  at: Type.Integer({ minimum: 0 }),
});
export type OutcomeBody = Static<typeof OutcomeBodySchema>;

/** Body of a `gap` record: sequence numbers `from` to `to` of a lane will not come, `count` of them held records. */
export const GapBodySchema = Type.Object({
  v: Type.Literal(1),
  lane: LaneSchema,
  from: Type.Integer({ minimum: 1 }),
  to: Type.Integer({ minimum: 1 }),
  count: Type.Integer({ minimum: 0 }),
  reason: Type.String({ minLength: 1, maxLength: 64 }),
});
export type GapBody = Static<typeof GapBodySchema>;

/** Body of a `halving` record: from frame `fromFrame` on the audit lane keeps frames at `rate`. */
export const HalvingBodySchema = Type.Object({
  v: Type.Literal(1),
  rate: Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
  /** How often the rate of whichever release answered is halved now; `rate` is that of the release that runs. */
  halvings: Type.Optional(Type.Integer({ minimum: 0, maximum: 62 })),
  fromFrame: Type.Integer({ minimum: 1 }),
  at: Type.Integer({ minimum: 0 }),
});
export type HalvingBody = Static<typeof HalvingBodySchema>;

/** Body of a `release-event` record: how a device took an offered release; refusals carry a closed code and a sentence. */
export const ReleaseEventBodySchema = Type.Object({
  v: Type.Literal(1),
  at: Type.Integer({ minimum: 0 }),
  number: Type.Integer({ minimum: 0 }),
  release: Type.Union([DigestSchema, Type.Null()]),
  state: Type.Enum(["offered", "staged", "good", "refused", "rolled-back"]),
  code: Type.Optional(Type.String({ maxLength: 64 })),
  reason: Type.Optional(Type.String({ maxLength: 1000 })),
});
export type ReleaseEventBody = Static<typeof ReleaseEventBodySchema>;
