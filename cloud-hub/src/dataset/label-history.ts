import Type, { type Static } from "typebox";
import { HubError } from "../errors.ts";
import type { Hub } from "../hub-parts.ts";
import { holdsRole, type Person } from "../people/role.ts";
import { type LabelledItem, labelsFor } from "./apply-label.ts";
import { RequestIdSchema, writeLabels } from "./label.ts";

/**
 * One label row. sample, track: what it was given for, exactly one of them · class: '' unless answered · undoes: the row it
 * takes back · holds: whether it holds now
 */
export const LabelRowSchema = Type.Object({
  id: Type.String(),
  sample: Type.Union([Type.String(), Type.Null()]),
  track: Type.Union([Type.String(), Type.Null()]),
  head: Type.String(),
  class: Type.String(),
  state: Type.Enum(["answered", "unsure", "withdrawn"]),
  author: Type.String(),
  kind: Type.Enum(["human", "machine"]),
  suggestion: Type.Union([Type.String(), Type.Null()]),
  undoes: Type.Union([Type.String(), Type.Null()]),
  at: Type.Integer(),
  holds: Type.Boolean(),
});
export type LabelRow = Static<typeof LabelRowSchema>;

/** Whose history: a sample's, with its track's answers. */
export const HistoryRequestSchema = Type.Object({ sample: Type.String({ maxLength: 64 }) });
export const HistorySchema = Type.Object({ labels: Type.Array(LabelRowSchema) });

const rowsAtMost = 500;

/** Every label that was ever given for a sample, newest first; those of a deleted one too. */
export async function readHistory(hub: Hub, sample: string): Promise<LabelRow[]> {
  const rows = await hub.rows<LabelRow>(
    `select l.id, l.sample, l.track, l.head, l.class, l.state, l.author, l.kind, l.suggestion, l.undoes, l.at,
       exists (select 1 from sample_labels h where h.fleet = l.fleet and h.sample = $2 and h.label = l.id) as holds
     from ${labelsFor("$1", "$2", "$3")} as l order by l.at desc, l.id desc limit ${rowsAtMost}`,
    [hub.fleet, sample, (await trackOfSample(hub, sample)) ?? ""],
  );
  return [...rows];
}

/** Rows to take back, as recording them answered their ids. */
export const UndoRequestSchema = Type.Object({
  id: Type.Optional(RequestIdSchema),
  labels: Type.Array(Type.String({ maxLength: 100 }), { minItems: 1, maxItems: 500 }),
});
export type UndoRequest = Static<typeof UndoRequestSchema>;

type Row = Omit<LabelRow, "holds">;

/**
 * Takes labels back by new rows that restore what a person said before, or that nobody had. Only the row that holds can be
 * taken back, by its author or an operator.
 * @throws {HubError} `not-found`, `forbidden`, `label-conflict`
 */
export async function undoLabels(
  hub: Hub,
  { id: request, labels }: UndoRequest,
  person: Person,
): Promise<{ labels: string[] }> {
  const rows = await hub.rows<Row>(
    `select id, sample, track, head, class, state, author, kind, suggestion, undoes, at from labels
     where fleet = $1 and id in (select jsonb_array_elements_text($2::jsonb))`,
    [hub.fleet, JSON.stringify(labels)],
  );
  const items: LabelledItem[] = [];
  for (const id of labels) {
    const row = rows.find((each) => each.id === id);
    if (row === undefined) throw new HubError("not-found", `Expected a label of this fleet, found none with id ${id}.`);
    if (row.author !== person.name && !holdsRole(person, "operator")) {
      throw new HubError(
        "forbidden",
        `Expected a label of your own, ${row.author} gave this one; an operator can undo it.`,
      );
    }
    items.push(await restoring(hub, row, person));
  }
  return { labels: await writeLabels(hub, items, request) };
}

async function restoring(hub: Hub, row: Row, person: Person): Promise<LabelledItem> {
  const trackOf = row.sample === null ? null : await trackOfSample(hub, row.sample);
  const [before] = await hub.rows<Pick<Row, "class" | "state">>(
    `select class, state from ${labelsFor("$1", "$2", "$3")} as l where kind = 'human' and head = $4 and (at, id) < ($5, $6)
     order by at desc, id desc limit 1`,
    [hub.fleet, row.sample ?? "", row.track ?? trackOf ?? "", row.head, Number(row.at), row.id],
  );
  return {
    sample: row.sample,
    track: row.track,
    head: row.head,
    class: before?.class ?? "",
    state: before?.state ?? "withdrawn",
    author: person.name,
    kind: "human",
    suggestion: null,
    undoes: row.id,
    trackOf,
    expect: row.id,
  };
}

async function trackOfSample(hub: Hub, id: string): Promise<string | null> {
  const [row] = await hub.rows<{ track: string | null }>(
    "select track from samples where fleet = $1 and id = $2 and source = 'device'",
    [hub.fleet, id],
  );
  return row?.track ?? null;
}
