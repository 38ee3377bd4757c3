import type { SqlSession } from "../storage/db.ts";

/** Columns and SQL types of the tables that ingest writes; a row that is there already stays as it is. */
const columnTypes = {
  records: "fleet text, device text, epoch text, lane text, seq bigint, digest text, received_at bigint",
  samples: `fleet text, id text, source text, device text, epoch text, lane text, seq bigint, frame bigint, at bigint,
    received_at bigint, release text, blob text, width integer, height integer, encoding text, reasons jsonb,
    inclusion_probability double precision, audit boolean, predictions jsonb, class text, confidence double precision,
    margin double precision, luma double precision, embedding vector, track text, context jsonb,
    space text`,
  predictions: `fleet text, device text, epoch text, frame bigint, at bigint, lane text, seq bigint, release text, class text,
    confidence real, heads jsonb, track text, decision text, latency_us integer`,
  sketches: `fleet text, device text, epoch text, lane text, seq bigint, at bigint, received_at bigint, window_start bigint,
    window_ms bigint, release text, frames bigint, errors bigint, dropped bigint, body bytea, window_end bigint,
    clock_offset_ms bigint, apart text, head text, confidence_sum double precision, confidence_squares double precision,
    class_counts jsonb, log_latency_sum double precision, drop_reasons jsonb, error_reasons jsonb,
    rolled boolean`,
  outcomes: `fleet text, device text, epoch text, lane text, seq bigint, at bigint, received_at bigint, prediction text,
    prediction_epoch text, prediction_frame bigint, outcome text, value double precision, hub_at bigint`,
  gaps: `fleet text, device text, epoch text, lane text, seq bigint, at bigint, received_at bigint, gap_lane text,
    from_seq bigint, to_seq bigint, count bigint, reason text, hub_at bigint`,
  device_events: `fleet text, device text, epoch text, lane text, seq bigint, at bigint, received_at bigint, kind text,
    body jsonb, hub_at bigint`,
  quarantine: `fleet text, device text, epoch text, lane text, seq bigint, received_at bigint, code text, reason text,
    digest text, payload bytea`,
} as const;

/** A table that ingest writes. */
export type IngestTable = keyof typeof columnTypes;
/** One row of a table, by column; bytes as {@link byteaText}. */
export type TableRow = { readonly table: IngestTable; readonly row: Readonly<Record<string, unknown>> };

/** Bytes as the text that a bytea column takes. */
export const byteaText = (bytes: Uint8Array): string => `\\x${Buffer.from(bytes).toString("hex")}`;

/** Writes rows of any of the tables, one statement per table. */
export async function insertRows(session: SqlSession, rows: readonly TableRow[]): Promise<void> {
  for (const [table, group] of Map.groupBy(rows, (each) => each.table)) {
    const types = columnTypes[table];
    const names = [...types.matchAll(/(\w+) [a-z]+(?: precision)?(?:,|$)/g)].map(([, name]) => name).join(", ");
    await session.query(
      `insert into ${table} (${names}) select ${names} from jsonb_to_recordset($1::jsonb) as r(${types}) on conflict do nothing`,
      [JSON.stringify(group.map(({ row }) => row))],
    );
  }
}
