import { randomUUID } from "node:crypto";
import Type, { type Static } from "typebox";
import { HubError } from "../errors.ts";
import type { Hub } from "../hub-parts.ts";
import type { Person } from "../people/role.ts";
import { type LabelledItem, labelId } from "./apply-label.ts";
import { requireNotDeleted } from "./deleted-sample.ts";

const LabelItemSchema = Type.Object({
  sample: Type.Optional(Type.String({ maxLength: 64 })),
  track: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  head: Type.String({ minLength: 1, maxLength: 64 }),
  class: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  /** In place of a class: a person looked and could not say. */
  unsure: Type.Optional(Type.Literal(true)),
  /** Whoever calls, unless an admin writes for somebody else or the answer is a machine's. */
  author: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  kind: Type.Optional(Type.Enum(["human", "machine"])),
  /** What was suggested to the person, so that it can be told how often suggestions were followed. */
  suggestion: Type.Optional(Type.String({ maxLength: 200 })),
  /** A class that this head did not have before. */
  isNewClass: Type.Optional(Type.Boolean()),
  /** The label row that was seen to hold, null for none; if another one holds by then, nothing is recorded. */
  expect: Type.Optional(Type.Union([Type.String({ maxLength: 100 }), Type.Null()])),
});
export type LabelItem = Static<typeof LabelItemSchema>;

/**
 * Names a request that may be sent again when its answer was lost: it is recorded once. Row n of it is `label ID n`, n with
 * five digits.
 */
export const RequestIdSchema = Type.String({ pattern: "^[A-Za-z0-9-]{8,64}$" });

/** Answers: each for one sample, or for every sample of a track that a device followed. force: whatever holds by now */
export const LabelRequestSchema = Type.Object({
  id: Type.Optional(RequestIdSchema),
  items: Type.Array(LabelItemSchema, { minItems: 1, maxItems: 5000 }),
  force: Type.Optional(Type.Boolean()),
});
export type LabelRequest = Static<typeof LabelRequestSchema>;

/** How many answers were recorded, how many samples carry one of them now, and the rows, by which they can be undone. */
export const LabelAnswerSchema = Type.Object({
  recorded: Type.Integer(),
  samples: Type.Integer(),
  labels: Type.Array(Type.String()),
});
export type LabelAnswer = Static<typeof LabelAnswerSchema>;

/**
 * Records answers; nothing is overwritten, the newest answer of a person holds.
 * @throws {HubError} `bad-request`, `not-found`, `sample-deleted`, `unknown-label`, `label-conflict`; nothing is recorded then
 */
export async function recordLabels(hub: Hub, request: LabelRequest, person: Person): Promise<LabelAnswer> {
  for (const item of request.items) requireOneAnswer(item);
  await requireKnownClasses(hub, request.items);
  const subjects = await findSubjects(hub, request.items);
  const items = request.items.map((item) => ({
    ...itemOf(item, person),
    ...(request.force || item.expect === undefined
      ? {}
      : { expect: item.expect, trackOf: subjects.trackOf.get(item.sample ?? "") ?? null }),
  }));
  const labels = await writeLabels(hub, items, request.id);
  return { recorded: items.length, samples: subjects.count, labels };
}

/** Makes label rows durable and answers their ids. id: of the request, so that it is recorded once however often it comes */
export async function writeLabels(
  hub: Hub,
  items: readonly LabelledItem[],
  id: string = randomUUID(),
): Promise<string[]> {
  const decision = `label ${id}`;
  await hub.decide("label", decision, { items, at: nextMoment(hub) });
  return items.map((_, index) => labelId(decision, index));
}

const lastMoments = new WeakMap<Hub, number>();

/** Now, but later than every label before: the newest row holds. */
function nextMoment(hub: Hub): number {
  const at = Math.max(hub.clock(), (lastMoments.get(hub) ?? 0) + 1);
  lastMoments.set(hub, at);
  return at;
}

function itemOf(item: LabelItem, person: Person): LabelledItem {
  const { sample, track, head, class: name, author, kind = "human", suggestion, unsure } = item;
  const mayNameAuthor = person.role === "admin" || kind === "machine";
  return {
    sample: sample ?? null,
    track: track ?? null,
    head,
    class: name ?? "",
    state: unsure ? "unsure" : "answered",
    author: mayNameAuthor ? (author ?? person.name) : person.name,
    kind,
    suggestion: suggestion ?? null,
  };
}

function requireOneAnswer(item: LabelItem): void {
  if ((item.sample === undefined) === (item.track === undefined)) {
    throw new HubError(
      "bad-request",
      "Expected each label to name either a sample or a track; give exactly one of them.",
    );
  }
  if ((item.class === undefined) === (item.unsure === undefined)) {
    throw new HubError(
      "bad-request",
      "Expected each label to carry either a class or unsure; give exactly one of them.",
    );
  }
}

async function requireKnownClasses(hub: Hub, items: readonly LabelItem[]): Promise<void> {
  const known = await knownClasses(hub);
  for (const item of items) {
    const classes = known.get(item.head);
    if (item.class === undefined || item.isNewClass || classes === undefined || classes.has(item.class)) continue;
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
    `select distinct head, class from labels where fleet = $1 and state = 'answered'
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

type Subjects = { readonly count: number; readonly trackOf: ReadonlyMap<string, string | null> };

async function findSubjects(hub: Hub, items: readonly LabelItem[]): Promise<Subjects> {
  const ids = [...new Set(items.flatMap((item) => item.sample ?? []))];
  const tracks = [...new Set(items.flatMap((item) => item.track ?? []))];
  const rows = await hub.rows<{ id: string; track: string | null; source: string }>(
    `select id, track, source from samples where fleet = $1 and id in (select jsonb_array_elements_text($2::jsonb))
     union
     select id, track, source from samples where fleet = $1 and source = 'device'
       and track in (select jsonb_array_elements_text($3::jsonb))`,
    [hub.fleet, JSON.stringify(ids), JSON.stringify(tracks)],
  );
  const foundIds = new Set(rows.map((row) => row.id));
  const foundTracks = new Set(rows.map((row) => row.track));
  const missing = ids.filter((id) => !foundIds.has(id));
  if (missing.length > 0) await requireNotDeleted(hub, missing);
  const unknown = missing[0] ?? tracks.find((track) => !foundTracks.has(track));
  if (unknown === undefined) {
    return {
      count: rows.length,
      trackOf: new Map(rows.map(({ id, track, source }) => [id, source === "device" ? track : null])),
    };
  }
  throw new HubError(
    "not-found",
    `Expected labels for samples and device tracks of this fleet, found none called ${JSON.stringify(unknown)}.`,
  );
}
