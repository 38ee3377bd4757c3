-- Who may do what. A token is kept as its SHA-256 only; a session is good for as long as the token that opened it.
create table people (
  fleet text not null,
  token_hash text not null,
  name text not null,
  role text not null check (role in ('viewer', 'labeller', 'operator', 'admin')),
  created_at bigint not null,
  created_by text not null,
  revoked_at bigint,
  revoked_by text,
  primary key (fleet, token_hash)
);
create unique index people_by_name on people (fleet, name) where revoked_at is null;

create table sessions (
  fleet text not null,
  session_hash text not null,
  token_hash text not null,
  created_at bigint not null,
  used_at bigint not null,
  expires_at bigint not null,
  primary key (fleet, session_hash)
);
create index sessions_by_expiry on sessions (expires_at);

alter table snapshots add column created_by text;
alter table runs add column created_by text;
alter table releases add column created_by text;
alter table evaluations add column created_by text;
create index evaluations_by_time on evaluations (fleet, created_at desc);
create index runs_by_time on runs (fleet, created_at desc);
create index versions_by_run on versions (fleet, run);
create index releases_by_version on releases (fleet, version);

-- Labels are rows that are only ever added. state `unsure`: a person looked and could not say; `withdrawn`: an answer was taken
-- back with nothing before it (class is '' for both). undoes: the row that this one takes back.
alter table labels add column state text not null default 'answered' check (state in ('answered', 'unsure', 'withdrawn'));
alter table labels add column undoes text;
create index labels_by_time on labels (fleet, at desc);

-- What holds of each sample's labels, per head: the newest row of a person unless it was withdrawn, else a machine's.
create table sample_labels (
  fleet text not null,
  sample text not null,
  head text not null,
  label text not null,
  class text not null,
  author text not null,
  kind text not null,
  state text not null,
  suggestion text,
  at bigint not null,
  primary key (fleet, sample, head)
);
create index sample_labels_by_class on sample_labels (fleet, class, sample);
create index sample_labels_by_author on sample_labels (fleet, author, sample);
create index sample_labels_unsure on sample_labels (fleet, sample) where state = 'unsure';

-- space: the backbone whose embeddings may be compared · is_labelled: a person answered for it
alter table samples add column space text;
alter table samples add column is_labelled boolean not null default false;
create index samples_by_class_time on samples (fleet, class, at desc, id desc);
create index samples_waiting on samples (fleet, at desc, id desc) where source = 'device' and not is_labelled;
create index samples_by_space on samples (fleet, space) where embedding is not null;
create index samples_by_blob on samples (fleet, blob);
create index samples_by_reason on samples using gin (reasons jsonb_path_ops);
alter table samples alter column embedding set statistics 0;
alter table samples alter column context set statistics 0;

insert into sample_labels (fleet, sample, head, label, class, author, kind, state, suggestion, at)
select distinct on (s.fleet, s.id, l.head) s.fleet, s.id, l.head, l.id, l.class, l.author, l.kind, l.state, l.suggestion, l.at
from samples s
join labels l on l.fleet = s.fleet
  and (l.sample = s.id or (l.sample is null and s.source = 'device' and l.track = s.track))
order by s.fleet, s.id, l.head, (l.kind = 'human') desc, l.at desc, l.id desc;

update samples s set
  space = (select part ->> 'interface' from releases r, jsonb_array_elements(r.manifest -> 'components') as part
           where r.fleet = s.fleet and r.digest = s.release and part ->> 'role' = 'backbone' limit 1),
  is_labelled = exists (select 1 from sample_labels l where l.fleet = s.fleet and l.sample = s.id and l.kind = 'human');

-- A deleted sample is never taken in again, not even from a replayed inbox; its labels stay as history. image: `waits` to go,
-- `hidden` for a while in case something still came to name it, then `gone`, or `kept` for what names it.
create table deleted_samples (
  fleet text not null,
  id text not null,
  blob text not null,
  deleted_at bigint not null,
  deleted_by text not null,
  reason text,
  image text not null default 'waits' check (image in ('waits', 'hidden', 'gone', 'kept')),
  image_at bigint,
  primary key (fleet, id)
);
create index deleted_samples_by_blob on deleted_samples (fleet, blob);

-- Counts that pages read instead of rows. level: the bucket's length in ms (a minute, an hour, a day) · decile: of the primary
-- head's confidence, 0 to 9, or -1 without one · '' stands for what a sample does not have.
create table sample_rollups (
  fleet text not null,
  level integer not null,
  start bigint not null,
  source text not null,
  device text not null,
  release text not null,
  class text not null,
  decile smallint not null,
  audit boolean not null,
  count bigint not null,
  primary key (fleet, level, start, source, device, release, class, decile, audit)
) with (fillfactor = 80);

insert into sample_rollups (fleet, level, start, source, device, release, class, decile, audit, count)
select s.fleet, v.level, s.at - s.at % v.level, s.source, coalesce(s.device, ''), coalesce(s.release, ''), coalesce(s.class, ''),
  coalesce(least(9, floor(s.confidence * 10)), -1), s.audit, count(*)
from samples s, (values (60000), (3600000), (86400000)) as v(level)
group by 1, 2, 3, 4, 5, 6, 7, 8, 9;

-- The same without class and confidence: a tenth of the rows, for the longest spans.
create table sample_totals (
  fleet text not null,
  level integer not null,
  start bigint not null,
  source text not null,
  device text not null,
  release text not null,
  audit boolean not null,
  count bigint not null,
  primary key (fleet, level, start, source, device, release, audit)
) with (fillfactor = 80);

insert into sample_totals (fleet, level, start, source, device, release, audit, count)
select fleet, level, start, source, device, release, audit, sum(count) from sample_rollups group by 1, 2, 3, 4, 5, 6, 7;

-- Sketches merged upward per device and release. sketches.rolled: whether the row is part of these already.
create table sketch_rollups (
  fleet text not null,
  level integer not null,
  device text not null,
  release text not null,
  start bigint not null,
  frames bigint not null,
  errors bigint not null,
  dropped bigint not null,
  body bytea not null,
  primary key (fleet, level, device, release, start)
) with (fillfactor = 60);
alter table sketch_rollups alter column body set storage main;
create index sketch_rollups_by_time on sketch_rollups (fleet, level, start);
alter table sketches add column rolled boolean not null default false;
create index sketches_unrolled on sketches (fleet, device) where not rolled;
