import type { SqlSession } from "../storage/db.ts";

/** What is counted of a sample. confidence: of the primary head, 0–1 */
export type CountedSample = {
  readonly source: string;
  readonly at: number;
  readonly device: string | null;
  readonly release: string | null;
  readonly class: string | null;
  readonly confidence: number | null;
  readonly audit: boolean;
};

/** Adds samples to the counts of their minute, hour and day, or takes them out again, in the transaction that writes them. */
export async function countSamples(
  session: SqlSession,
  fleet: string,
  samples: readonly CountedSample[],
  by: 1 | -1,
): Promise<void> {
  if (samples.length === 0) return;
  const counted = samples.map(({ source, at, device, release, class: name, confidence, audit }) => ({
    source,
    at,
    device,
    release,
    class: name,
    confidence,
    audit,
  }));
  await session.query(
    `insert into sample_rollups as r (fleet, level, start, source, device, release, class, decile, audit, count)
     select $1, v.level, x.at - x.at % v.level, x.source, coalesce(x.device, ''), coalesce(x.release, ''),
       coalesce(x.class, ''), coalesce(least(9, floor(x.confidence * 10)), -1)::smallint, x.audit, $3::int8 * count(*)
     from jsonb_to_recordset($2::jsonb) as x(source text, at bigint, device text, release text, class text,
       confidence double precision, audit boolean), (values (60000), (3600000), (86400000)) as v(level)
     group by 2, 3, 4, 5, 6, 7, 8, 9
     on conflict (fleet, level, start, source, device, release, class, decile, audit)
     do update set count = r.count + excluded.count`,
    [fleet, JSON.stringify(counted), by],
  );
  await session.query(
    `insert into sample_totals as r (fleet, level, start, source, device, release, audit, count)
     select $1, v.level, x.at - x.at % v.level, x.source, coalesce(x.device, ''), coalesce(x.release, ''), x.audit,
       $3::int8 * count(*)
     from jsonb_to_recordset($2::jsonb) as x(source text, at bigint, device text, release text, audit boolean),
       (values (60000), (3600000), (86400000)) as v(level)
     group by 2, 3, 4, 5, 6, 7
     on conflict (fleet, level, start, source, device, release, audit) do update set count = r.count + excluded.count`,
    [fleet, JSON.stringify(counted), by],
  );
  if (by > 0) return;
  const times = JSON.stringify([...new Set(samples.map(({ at }) => at))]);
  for (const table of ["sample_rollups", "sample_totals"]) {
    await session.query(
      `delete from ${table} where fleet = $1 and count <= 0 and (level, start) in (
         select v.level, t.at::int8 - t.at::int8 % v.level
         from jsonb_array_elements_text($2::jsonb) as t(at), (values (60000), (3600000), (86400000)) as v(level))`,
      [fleet, times],
    );
  }
}
