import { randomUUID } from "node:crypto";
import Type, { type Static } from "typebox";
import { HubError } from "../errors.ts";
import type { Hub } from "../hub-parts.ts";

const LabelItemSchema = Type.Object({
  sample: Type.Optional(Type.String({ maxLength: 64 })),
  track: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  head: Type.String({ minLength: 1, maxLength: 64 }),
  class: Type.String({ minLength: 1, maxLength: 200 }),
  author: Type.String({ minLength: 1, maxLength: 200 }),
  kind: Type.Enum(["human", "machine"]),
  /** What was suggested to the person, so that it can be told how often suggestions were followed. */
  suggestion: Type.Optional(Type.String({ maxLength: 200 })),
  /** A class that this head did not have before. */
  isNewClass: Type.Optional(Type.Boolean()),
});
export type LabelItem = Static<typeof LabelItemSchema>;

/** Answers: each for one sample, or for every sample of a track that a device followed. */
export const LabelRequestSchema = Type.Object({ items: Type.Array(LabelItemSchema, { minItems: 1, maxItems: 5000 }) });
export type LabelRequest = Static<typeof LabelRequestSchema>;

/** How many answers were recorded, and how many samples carry one of them now. */
export const LabelAnswerSchema = Type.Object({ recorded: Type.Integer(), samples: Type.Integer() });
export type LabelAnswer = Static<typeof LabelAnswerSchema>;

/**
 * Records answers; nothing is overwritten, the newest answer of a person holds.
 * @throws {HubError} `bad-request`, `not-found`, `unknown-label`; nothing is recorded then
 */
export async function recordLabels(hub: Hub, request: LabelRequest): Promise<LabelAnswer> {
  for (const item of request.items) requireOneSubject(item);
  await requireKnownClasses(hub, request.items);
  const samples = await countSubjects(hub, request.items);
  const items = request.items.map(({ sample, track, head, class: name, author, kind, suggestion }) => ({
    sample: sample ?? null,
    track: track ?? null,
    head,
    class: name,
    author,
    kind,
    suggestion: suggestion ?? null,
  }));
  await hub.decide("label", `label ${randomUUID()}`, { items, at: hub.clock() });
  return { recorded: items.length, samples };
}

function requireOneSubject(item: LabelItem): void {
  if ((item.sample === undefined) !== (item.track === undefined)) return;
  throw new HubError(
    "bad-request",
    "Expected each label to name either a sample or a track; give exactly one of them.",
  );
}

async function requireKnownClasses(hub: Hub, items: readonly LabelItem[]): Promise<void> {
  const known = await knownClasses(hub);
  for (const item of items) {
    const classes = known.get(item.head);
    if (item.isNewClass || classes === undefined || classes.has(item.class)) continue;
    const names = [...classes].sort().slice(0, 12).join(", ");
    throw new HubError(
      "unknown-label",
      `Expected a class of head ${item.head} (${names}${classes.size > 12 ? `, … ${classes.size} in all` : ""}), got ${JSON.stringify(item.class)}; correct it, or say isNewClass.`,
    );
  }
}

/** The classes that each head was labelled with so far, and those that a version of it can answer. */
export async function knownClasses(hub: Hub): Promise<Map<string, Set<string>>> {
  const rows = await hub.rows<{ head: string; class: string }>(
    `select distinct head, class from labels where fleet = $1
     union
     select part ->> 'name', jsonb_array_elements_text(part -> 'classes')
     from versions, jsonb_array_elements(components) as part
     where fleet = $1 and jsonb_typeof(part -> 'classes') = 'array'
     limit 100000`,
    [hub.fleet],
  );
  return new Map(
    [...Map.groupBy(rows, (row) => row.head)].map(([head, members]) => [
      head,
      new Set(members.map((row) => row.class)),
    ]),
  );
}

async function countSubjects(hub: Hub, items: readonly LabelItem[]): Promise<number> {
  const ids = [...new Set(items.flatMap((item) => item.sample ?? []))];
  const tracks = [...new Set(items.flatMap((item) => item.track ?? []))];
  const rows = await hub.rows<{ id: string; track: string | null; source: string }>(
    `select id, track, source from samples where fleet = $1 and (
       id in (select jsonb_array_elements_text($2::jsonb))
       or (source = 'device' and track in (select jsonb_array_elements_text($3::jsonb))))`,
    [hub.fleet, JSON.stringify(ids), JSON.stringify(tracks)],
  );
  const foundIds = new Set(rows.map((row) => row.id));
  const foundTracks = new Set(rows.map((row) => row.track));
  const missing = ids.find((id) => !foundIds.has(id)) ?? tracks.find((track) => !foundTracks.has(track));
  if (missing === undefined) return rows.length;
  throw new HubError(
    "not-found",
    `Expected labels for samples and device tracks of this fleet, found none called ${JSON.stringify(missing)}.`,
  );
}
