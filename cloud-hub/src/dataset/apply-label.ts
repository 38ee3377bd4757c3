import { HubError } from "../errors.ts";
import type { FleetApplier } from "../inbox/fleet-applier.ts";
import type { SqlSession } from "../storage/db.ts";
import { holdLabels, samplesOf } from "./held-labels.ts";

/** One answer as it was given. trackOf: the track of a device's sample, by which a whole track's answer holds for it */
export type LabelledItem = {
  readonly sample: string | null;
  readonly track: string | null;
  readonly head: string;
  readonly class: string;
  readonly author: string;
  readonly kind: "human" | "machine";
  readonly suggestion: string | null;
  readonly state?: "answered" | "unsure" | "withdrawn";
  readonly undoes?: string | null;
  readonly trackOf?: string | null;
  /** The row that whoever answers saw hold, null for none; another one that holds now is a conflict. Absent: not asked. */
  readonly expect?: string | null;
};

/** Answers, as they were given; the history is kept. */
export type LabelDecision = { readonly items: readonly LabelledItem[]; readonly at: number };

/** Writes answers beside older ones. @throws {HubError} `label-conflict` when somebody answered meanwhile */
export const applyLabel: FleetApplier<LabelDecision> = async (session, fleet, { items, at }, { id }) => {
  for (const item of items) if (item.expect !== undefined) await requireUnchanged(session, fleet, item, item.expect);
  const rows = items.map((item, index) => ({ ...item, id: labelId(id, index), state: item.state ?? "answered" }));
  await session.query(
    `insert into labels (fleet, id, sample, track, head, class, author, kind, suggestion, state, undoes, at)
     select $1, x.id, x.sample, x.track, x.head, x.class, x.author, x.kind, x.suggestion, x.state, x.undoes, $2
     from jsonb_to_recordset($3::jsonb) as x(id text, sample text, track text, head text, class text, author text, kind text,
       suggestion text, state text, undoes text)
     on conflict do nothing`,
    [fleet, at, JSON.stringify(rows)],
  );
  await holdLabels(session, fleet, await samplesOf(session, fleet, items));
};

/** The label rows of a sample and of its track, as a part of a query; '' for what there is none of. */
export const labelsFor = (fleet: string, sample: string, track: string): string =>
  `(select * from labels where fleet = ${fleet} and sample = ${sample}
    union all
    select * from labels where fleet = ${fleet} and sample is null and track = ${track})`;

/** The id of a decision's n-th label row. */
export const labelId = (decision: string, index: number): string => `${decision} ${String(index).padStart(5, "0")}`;

type Holder = {
  readonly id: string;
  readonly author: string;
  readonly class: string;
  readonly state: string;
  readonly at: number;
};

/** Looks at label rows only, never at samples: a replayed inbox brings the answers before the samples. */
async function requireUnchanged(session: SqlSession, fleet: string, item: LabelledItem, expect: string | null) {
  const { sample, track, head, trackOf = null } = item;
  const { rows } = await session.query<Holder>(
    `select id, author, class, state, at from ${labelsFor("$1", "$2", "$3")} as l where kind = 'human' and head = $4
     order by at desc, id desc limit 1`,
    [fleet, sample ?? "", track ?? trackOf ?? "", head],
  );
  const [row] = rows;
  const holder = row === undefined || row.state === "withdrawn" ? undefined : row;
  if ((holder?.id ?? null) === expect) return;
  const what = sample === null ? `track ${track}` : `sample ${sample}`;
  const found =
    holder === undefined
      ? "the answer that stood there was taken back"
      : `${holder.author} ${holder.state === "unsure" ? "was unsure" : `answered ${JSON.stringify(holder.class)}`} at ${new Date(Number(holder.at)).toISOString()}`;
  throw new HubError(
    "label-conflict",
    `Expected ${what} (head ${head}) as you saw it, but ${found}; look again, or send force to answer all the same.`,
  );
}
