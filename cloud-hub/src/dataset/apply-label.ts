import type { FleetApplier } from "../inbox/fleet-applier.ts";

/** Answers, as they were given; the history is kept. */
export type LabelDecision = {
  readonly items: readonly {
    readonly sample: string | null;
    readonly track: string | null;
    readonly head: string;
    readonly class: string;
    readonly author: string;
    readonly kind: "human" | "machine";
    readonly suggestion: string | null;
  }[];
  readonly at: number;
};

/** Writes answers beside older ones. */
export const applyLabel: FleetApplier<LabelDecision> = async (session, fleet, { items, at }, { id }) => {
  const rows = items.map((item, index) => ({ ...item, id: `${id} ${String(index).padStart(5, "0")}` }));
  await session.query(
    `insert into labels (fleet, id, sample, track, head, class, author, kind, suggestion, at)
     select $1, x.id, x.sample, x.track, x.head, x.class, x.author, x.kind, x.suggestion, $2
     from jsonb_to_recordset($3::jsonb) as x(id text, sample text, track text, head text, class text, author text, kind text,
       suggestion text)
     on conflict do nothing`,
    [fleet, at, JSON.stringify(rows)],
  );
};
