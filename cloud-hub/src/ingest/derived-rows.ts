import { decodeMessage } from "@fieldloop/devices";
import { holdLabels, labelledBefore } from "../dataset/held-labels.ts";
import { type CountedSample, countSamples } from "../rollups/sample-counts.ts";
import { rollUpSketches } from "../rollups/sketch-rollup.ts";
import type { SqlSession } from "../storage/db.ts";
import type { TableRow } from "./table-rows.ts";

type SampleRow = CountedSample & { readonly fleet: string; readonly id: string; readonly track: string | null };
type SketchRow = {
  readonly fleet: string;
  readonly device: string;
  readonly body: string;
  readonly window_ms: number;
  readonly window_end?: number;
  readonly apart?: string | null;
};

/** Rows ready to be written: no sample that was deleted before, each sample with the space of its embedding. */
export async function preparedRows(session: SqlSession, rows: readonly TableRow[]): Promise<readonly TableRow[]> {
  const kept = await withoutDeleted(session, rows);
  const spaces = await spacesOf(session, rowsOf<SampleRow>(kept, "samples"));
  return kept.map(({ table, row }) => {
    if (table === "sketches") return { table, row: { ...row, rolled: true } };
    if (table !== "samples") return { table, row };
    return { table, row: { ...row, space: spaces.get(`${String(row.fleet)} ${String(row.release)}`) ?? null } };
  });
}

const knownSpaces = new Map<string, string>();
const spacesAtMost = 1000;

/** By fleet and release, the interface that its backbone offers: embeddings may be compared within one only. */
async function spacesOf(session: SqlSession, samples: readonly SampleRow[]): Promise<ReadonlyMap<string, string>> {
  const wanted = new Map(samples.map(({ fleet, release }) => [`${fleet} ${release ?? ""}`, { fleet, release }]));
  const unknown = [...wanted].filter(([key]) => !knownSpaces.has(key)).map(([, each]) => each);
  if (unknown.length > 0) {
    const { rows } = await session.query<{ fleet: string; release: string; space: string }>(
      `select r.fleet, r.digest as release, part ->> 'interface' as space
       from jsonb_to_recordset($1::jsonb) as w(fleet text, release text)
       join releases r on r.fleet = w.fleet and r.digest = w.release, jsonb_array_elements(r.manifest -> 'components') as part
       where part ->> 'role' = 'backbone'`,
      [JSON.stringify(unknown)],
    );
    if (knownSpaces.size + rows.length > spacesAtMost) knownSpaces.clear();
    for (const { fleet, release, space } of rows) knownSpaces.set(`${fleet} ${release}`, space);
  }
  return knownSpaces;
}

/** The rows but for samples that were deleted: a replayed inbox brings them once more. */
async function withoutDeleted(session: SqlSession, rows: readonly TableRow[]): Promise<readonly TableRow[]> {
  const samples = rowsOf<SampleRow>(rows, "samples");
  if (samples.length === 0) return rows;
  const { rows: deleted } = await session.query<{ fleet: string; id: string }>(
    `select d.fleet, d.id from jsonb_to_recordset($1::jsonb) as x(fleet text, id text) join deleted_samples d using (fleet, id)`,
    [JSON.stringify(samples.map(({ fleet, id }) => ({ fleet, id })))],
  );
  if (deleted.length === 0) return rows;
  const gone = new Set(deleted.map(({ fleet, id }) => `${fleet} ${id}`));
  return rows.filter(({ table, row }) => table !== "samples" || !gone.has(`${String(row.fleet)} ${String(row.id)}`));
}

/** Brings what is derived from new rows up to date: counts, merged sketches, and labels that were given before. */
export async function deriveFrom(session: SqlSession, rows: readonly TableRow[]): Promise<void> {
  for (const [fleet, samples] of Map.groupBy(rowsOf<SampleRow>(rows, "samples"), (row) => row.fleet)) {
    await countSamples(session, fleet, samples, 1);
    await holdLabels(session, fleet, await labelledBefore(session, fleet, samples));
  }
  const sketches = rowsOf<SketchRow>(rows, "sketches").filter(({ apart }) => apart == null);
  for (const [fleet, members] of Map.groupBy(sketches, (row) => row.fleet)) {
    await rollUpSketches(session, fleet, members.map(sketchOf));
  }
}

/** By the hub's clock where the device's is known to be off. */
function sketchOf({ device, body, window_ms, window_end }: SketchRow) {
  const sketch = decodeMessage("sketch", Buffer.from(body.slice(2), "hex"));
  const windowStart = window_end === undefined ? sketch.windowStart : Math.max(0, window_end - window_ms);
  return { device, sketch: { ...sketch, windowStart } };
}

// Ingest wrote these rows itself, by the columns of their tables.
const rowsOf = <Row>(rows: readonly TableRow[], table: TableRow["table"]): Row[] =>
  rows.filter((each) => each.table === table).map(({ row }) => row as Row);
