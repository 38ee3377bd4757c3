import { createHash } from "node:crypto";
import type { Hub } from "../hub-parts.ts";

/** Below so many embeddings of one space a search compares them all, which is exact. */
export const exactBelow = 20_000;
/** An index is made anew when its rows have grown by this factor, for its lists were chosen for fewer. */
const rebuildFactor = 2;

/** An approximate index over one space. condition: its own, word by word · rows: for how many it was made · size: of a vector */
export type VectorIndex = {
  readonly name: string;
  readonly condition: string;
  readonly size: number;
  readonly rows: number;
};

type Indexes = Map<string, VectorIndex>;
const known = new WeakMap<Hub, Indexes>();

/** The index of a space, where there is one. */
export const vectorIndexOf = (hub: Hub, space: string): VectorIndex | undefined => known.get(hub)?.get(space);

type SpaceRow = { readonly space: string; readonly rows: number; readonly size: number };

/**
 * Makes the indexes that spaces have outgrown exact search for, one at a time: the database waits while one is made, the inbox
 * does not. Returns the spaces whose index was made.
 */
export async function keepVectorIndexes(hub: Hub, exactUpTo: number = exactBelow): Promise<string[]> {
  const indexes = known.get(hub) ?? (await readIndexes(hub));
  known.set(hub, indexes);
  const spaces = await hub.rows<SpaceRow>(
    `select space, count(*) as rows, (select vector_dims(e.embedding) from samples e
       where e.fleet = $1 and e.space = s.space and e.embedding is not null limit 1) as size
     from samples s where fleet = $1 and space is not null and embedding is not null
     group by space having count(*) >= $2 limit 100`,
    [hub.fleet, exactUpTo],
  );
  const made: string[] = [];
  for (const { space, rows, size } of spaces) {
    const index = indexes.get(space);
    if (index !== undefined && rows < index.rows * rebuildFactor) continue;
    indexes.delete(space);
    indexes.set(space, await makeIndex(hub, { space, rows, size }));
    made.push(space);
  }
  return made;
}

/** Lists as pgvector advises: rows / 1000 up to a million rows. */
const listsFor = (rows: number): number => Math.max(50, Math.round(rows / 1000));

async function makeIndex(hub: Hub, { space, rows, size }: SpaceRow): Promise<VectorIndex> {
  const name = `samples_near_${createHash("sha256").update(`${hub.fleet} ${space}`).digest("hex").slice(0, 16)}`;
  // A digest of the hub's own making; the pattern keeps anything else out of the statement.
  if (!/^sha256:[0-9a-f]{64}$/.test(space)) throw new TypeError(`not a space: ${space}`);
  const condition = `s.space = '${space}'`;
  await hub.rows(`drop index if exists ${name}`);
  await hub.rows(
    `create index ${name} on samples using ivfflat ((embedding::vector(${size})) vector_cosine_ops)
     with (lists = ${listsFor(rows)}) where space = '${space}'`,
  );
  await hub.rows(`comment on index ${name} is '${JSON.stringify({ space, size, rows })}'`);
  return { name, condition, size, rows };
}

/** The indexes that an earlier start of the hub made, by what it wrote on them. */
async function readIndexes(hub: Hub): Promise<Indexes> {
  const rows = await hub.rows<{ name: string; about: string }>(
    `select c.relname as name, obj_description(c.oid) as about from pg_class c
     where c.relname like 'samples\\_near\\_%' and c.relkind = 'i' and obj_description(c.oid) is not null limit 100`,
  );
  return new Map(
    rows.map(({ name, about }) => {
      const { space, size, rows: count } = JSON.parse(about) as { space: string; size: number; rows: number };
      return [space, { name, condition: `s.space = '${space}'`, size, rows: count }];
    }),
  );
}
