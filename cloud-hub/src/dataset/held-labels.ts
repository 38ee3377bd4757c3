import type { SqlSession } from "../storage/db.ts";

/**
 * Writes anew what holds of the labels of some samples: per head the newest row of a person unless it was withdrawn, else the
 * newest of a machine. A label of a track holds for every sample of it that a device sent.
 */
export async function holdLabels(session: SqlSession, fleet: string, samples: readonly string[]): Promise<void> {
  if (samples.length === 0) return;
  const ids = JSON.stringify([...new Set(samples)]);
  await session.query(
    `delete from sample_labels where fleet = $1 and sample in (select jsonb_array_elements_text($2::jsonb))`,
    [fleet, ids],
  );
  await session.query(
    `with wanted as materialized (
       select s.id, s.source, s.track from samples s
       where s.fleet = $1 and s.id in (select jsonb_array_elements_text($2::jsonb))
     ), named as (
       select w.id as of_sample, l.* from wanted w join labels l on l.fleet = $1 and l.sample = w.id
       union all
       select w.id, l.* from wanted w join labels l on l.fleet = $1 and l.sample is null and l.track = w.track
       where w.source = 'device'
     ), newest as (
       select distinct on (of_sample, head, kind) * from named order by of_sample, head, kind, at desc, id desc
     )
     insert into sample_labels (fleet, sample, head, label, class, author, kind, state, suggestion, at)
     select distinct on (of_sample, head) $1, of_sample, head, id, class, author, kind, state, suggestion, at
     from newest where state <> 'withdrawn' order by of_sample, head, (kind = 'human') desc`,
    [fleet, ids],
  );
  await session.query(
    `update samples s set is_labelled = not s.is_labelled
     where s.fleet = $1 and s.id in (select jsonb_array_elements_text($2::jsonb))
       and s.is_labelled <> exists (
         select 1 from sample_labels l where l.fleet = $1 and l.sample = s.id and l.kind = 'human')`,
    [fleet, ids],
  );
}

/** The samples that labels stand for: the named ones, and those of named tracks that devices sent. */
export async function samplesOf(
  session: SqlSession,
  fleet: string,
  subjects: readonly { readonly sample: string | null; readonly track: string | null }[],
): Promise<readonly string[]> {
  const ids = subjects.flatMap(({ sample }) => sample ?? []);
  const tracks = [...new Set(subjects.flatMap(({ track }) => track ?? []))];
  if (tracks.length === 0) return ids;
  const { rows } = await session.query<{ id: string }>(
    `select id from samples where fleet = $1 and source = 'device'
       and track in (select jsonb_array_elements_text($2::jsonb))`,
    [fleet, JSON.stringify(tracks)],
  );
  return [...ids, ...rows.map(({ id }) => id)];
}

/** Those of some new samples that were labelled before they came: a whole track's answer, or a replayed inbox. */
export async function labelledBefore(
  session: SqlSession,
  fleet: string,
  samples: readonly { readonly id: string; readonly track: string | null }[],
): Promise<readonly string[]> {
  const { rows } = await session.query<{ id: string }>(
    `with fresh as materialized (select * from jsonb_to_recordset($2::jsonb) as x(id text, track text))
     select f.id from fresh f where exists (select 1 from labels l where l.fleet = $1 and l.sample = f.id)
       or exists (select 1 from labels l where l.fleet = $1 and l.sample is null and l.track = f.track)`,
    [fleet, JSON.stringify(samples.map(({ id, track }) => ({ id, track })))],
  );
  return rows.map(({ id }) => id);
}
