import { DigestSchema, IdentifierSchema } from "@fieldloop/devices";
import Type, { type Static } from "typebox";
import type { SqlValue } from "../storage/db.ts";

/**
 * Which samples are meant; what is left out does not restrict.
 * class: name that the primary head answered · confidence: of the primary head, 0–1 · labelled: by a person · from, to:
 * capture time, ms since 1970, `to` exclusive · set: the data set that an import named in its context
 */
export const SampleQuerySchema = Type.Object({
  source: Type.Optional(Type.Enum(["device", "import"])),
  device: Type.Optional(IdentifierSchema),
  release: Type.Optional(DigestSchema),
  class: Type.Optional(Type.String({ maxLength: 200 })),
  confidenceBelow: Type.Optional(Type.Number()),
  confidenceAbove: Type.Optional(Type.Number()),
  audit: Type.Optional(Type.Boolean()),
  split: Type.Optional(Type.Enum(["train", "val", "test"])),
  set: Type.Optional(Type.String({ maxLength: 256 })),
  track: Type.Optional(Type.String({ maxLength: 256 })),
  labelled: Type.Optional(Type.Boolean()),
  from: Type.Optional(Type.Integer({ minimum: 0 })),
  to: Type.Optional(Type.Integer({ minimum: 0 })),
});
export type SampleQuery = Static<typeof SampleQuerySchema>;

/** A condition over `samples s` and its parameters, to be put after others. */
export type Condition = { readonly sql: string; readonly parameters: readonly SqlValue[] };

/** A label of a person that holds for sample `s`: its own, or that of its whole track. */
export const humanLabelExists = `exists (select 1 from labels l where l.fleet = s.fleet and l.kind = 'human' and ${labelMatches("l", "s")})`;

/** When a label row holds for a sample row: it names the sample, or the track that a device followed. */
export function labelMatches(label: string, sample: string): string {
  return `(${label}.sample = ${sample}.id or (${label}.sample is null and ${sample}.source = 'device' and ${label}.track = ${sample}.track))`;
}

const clauses: { readonly [Name in keyof SampleQuery]-?: (placeholder: string) => string } = {
  source: (value) => `s.source = ${value}`,
  device: (value) => `s.device = ${value}`,
  release: (value) => `s.release = ${value}`,
  class: (value) => `s.class = ${value}`,
  confidenceBelow: (value) => `s.confidence < ${value}`,
  confidenceAbove: (value) => `s.confidence > ${value}`,
  audit: (value) => `s.audit = ${value}`,
  split: (value) => `s.split = ${value}`,
  set: (value) => `s.context ->> 'set' = ${value}`,
  track: (value) => `s.track = ${value}`,
  labelled: (value) => `${humanLabelExists} = ${value}`,
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
