import { DigestSchema, IdentifierSchema } from "@fieldloop/devices";
import Type, { type Static } from "typebox";
import type { SqlValue } from "../storage/db.ts";

/**
 * Which samples are meant; what is left out does not restrict.
 * class: name that the primary head answered · confidence: of the primary head, 0–1 · labelled: by a person, "unsure" among
 * them · unsure: somebody looked and could not say · labelClass, author: of a label that holds · reason: a scorer or lane that
 * kept it · from, to: capture time, ms since 1970, `to` exclusive · set: the data set that an import named in its context ·
 * snapshot: its members · ids: these, with commas or dots between them
 */
export const SampleQuerySchema = Type.Object({
  source: Type.Optional(Type.Enum(["device", "import"])),
  device: Type.Optional(IdentifierSchema),
  release: Type.Optional(DigestSchema),
  class: Type.Optional(Type.String({ maxLength: 200 })),
  confidenceBelow: Type.Optional(Type.Number()),
  confidenceAbove: Type.Optional(Type.Number()),
  audit: Type.Optional(Type.Boolean()),
  reason: Type.Optional(Type.String({ maxLength: 64 })),
  split: Type.Optional(Type.Enum(["train", "val", "test"])),
  set: Type.Optional(Type.String({ maxLength: 256 })),
  track: Type.Optional(Type.String({ maxLength: 256 })),
  labelled: Type.Optional(Type.Boolean()),
  unsure: Type.Optional(Type.Boolean()),
  labelClass: Type.Optional(Type.String({ maxLength: 200 })),
  author: Type.Optional(Type.String({ maxLength: 200 })),
  snapshot: Type.Optional(Type.String({ maxLength: 64 })),
  ids: Type.Optional(Type.String({ maxLength: 8000, pattern: "^[A-Za-z0-9_]+([,.][A-Za-z0-9_]+)*$" })),
  from: Type.Optional(Type.Integer({ minimum: 0 })),
  to: Type.Optional(Type.Integer({ minimum: 0 })),
});
export type SampleQuery = Static<typeof SampleQuerySchema>;

/** A condition over `samples s` and its parameters, to be put after others. */
export type Condition = { readonly sql: string; readonly parameters: readonly SqlValue[] };

const heldLabel = (condition: string): string =>
  `exists (select 1 from sample_labels h where h.fleet = s.fleet and h.sample = s.id and ${condition})`;

const clauses: { readonly [Name in keyof SampleQuery]-?: (placeholder: string) => string } = {
  source: (value) => `s.source = ${value}`,
  device: (value) => `s.device = ${value}`,
  release: (value) => `s.release = ${value}`,
  class: (value) => `s.class = ${value}`,
  confidenceBelow: (value) => `s.confidence < ${value}`,
  confidenceAbove: (value) => `s.confidence > ${value}`,
  audit: (value) => `s.audit = ${value}`,
  reason: (value) => `s.reasons @> jsonb_build_array(jsonb_build_object('kind', ${value}::text))`,
  split: (value) => `s.split = ${value}`,
  set: (value) => `s.context ->> 'set' = ${value}`,
  track: (value) => `s.track = ${value}`,
  labelled: (value) => `s.is_labelled = ${value}`,
  unsure: (value) => `${heldLabel("h.state = 'unsure'")} = ${value}`,
  labelClass: (value) => heldLabel(`h.class = ${value}`),
  author: (value) => heldLabel(`h.author = ${value}`),
  snapshot: (value) =>
    `exists (select 1 from snapshot_members m where m.fleet = s.fleet and m.sample = s.id and m.snapshot = ${value})`,
  ids: (value) => `s.id = any(regexp_split_to_array(${value}::text, '[,.]'))`,
  from: (value) => `s.at >= ${value}`,
  to: (value) => `s.at < ${value}`,
};

/** Compiles a query to SQL over `samples s` of one fleet; values travel as parameters only. */
export function conditionOf(fleet: string, query: SampleQuery): Condition {
  const parameters: SqlValue[] = [fleet];
  const parts = ["s.fleet = $1"];
  for (const [name, value] of Object.entries(query)) {
    const clause = clauses[name as keyof SampleQuery];
    if (value === undefined || clause === undefined) continue;
    parameters.push(value);
    parts.push(clause(`$${parameters.length}`));
  }
  return { sql: parts.join(" and "), parameters };
}
