import { DigestSchema, IdentifierSchema } from "@fieldloop/devices";
import Type, { type Static } from "typebox";

/**
 * What to answer next. limit: items wanted now · budget: answers that will be given in all, over which the choice spreads
 * (the limit unless given) · seed: of the choice · device, release, from, to: narrow the candidates
 */
export const QueueRequestSchema = Type.Object({
  kind: Type.Enum(["audit", "labelling"]),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
  budget: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
  seed: Type.Optional(Type.Integer({ minimum: 0 })),
  device: Type.Optional(IdentifierSchema),
  release: Type.Optional(DigestSchema),
  from: Type.Optional(Type.Integer({ minimum: 0 })),
  to: Type.Optional(Type.Integer({ minimum: 0 })),
});
export type QueueRequest = Static<typeof QueueRequestSchema>;

/**
 * One question. key: names it among those of its queue · kind `track`: one answer holds for all its samples · suggestions: by head, what the device mostly
 * answered and how surely · why: a sentence
 */
export const QueueItemSchema = Type.Object({
  key: Type.String(),
  kind: Type.Enum(["sample", "track"]),
  samples: Type.Array(Type.String(), { minItems: 1 }),
  track: Type.Union([Type.String(), Type.Null()]),
  device: Type.Union([Type.String(), Type.Null()]),
  suggestions: Type.Record(Type.String(), Type.Object({ class: Type.String(), confidence: Type.Number() })),
  why: Type.String(),
});
export type QueueItem = Static<typeof QueueItemSchema>;

/** Questions in the order in which they should be answered. candidates: how many there were to choose from */
export const QueuePageSchema = Type.Object({ items: Type.Array(QueueItemSchema), candidates: Type.Integer() });
export type QueuePage = Static<typeof QueuePageSchema>;
