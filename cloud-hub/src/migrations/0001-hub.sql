-- Times are milliseconds since 1970 (bigint) as they were journaled, so that a repeat is the same row.
-- The fleet comes first in every key. Digests of blobs, releases and versions are `sha256:<hex>`.

create extension if not exists vector;

create table devices (
  fleet text not null,
  device text not null,
  profile text not null,
  group_name text,
  simulated boolean not null default false,
  public_key text,
  credential_hash text,
  inventory jsonb,
  created_at bigint not null,
  enrolled_at bigint,
  revoked_at bigint,
  last_seen bigint,
  primary key (fleet, device)
);

create table enrolments (
  fleet text not null,
  secret_hash text not null,
  device text not null,
  created_at bigint not null,
  expires_at bigint not null,
  used_by text,
  used_at bigint,
  primary key (fleet, secret_hash)
);
create index enrolments_by_device on enrolments (fleet, device);

-- Per journal lane of a device: every record up to `up_to` is stored, or named by a gap.
create table cursors (
  fleet text not null,
  device text not null,
  epoch text not null,
  lane text not null,
  up_to bigint not null,
  updated_at bigint not null,
  primary key (fleet, device, epoch, lane)
);

-- One row per stored journal record: those above the cursor are ahead of it (at most 1,024 per lane); the digest tells a
-- repeat from a different record under the same number.
create table records (
  fleet text not null,
  device text not null,
  epoch text not null,
  lane text not null,
  seq bigint not null,
  digest text not null,
  received_at bigint not null,
  primary key (fleet, device, epoch, lane, seq)
);
create view cursor_ahead as
  select r.* from records r
  left join cursors c using (fleet, device, epoch, lane)
  where r.seq > coalesce(c.up_to, 0);

create table samples (
  fleet text not null,
  id text not null,
  source text not null check (source in ('device', 'import')),
  device text,
  epoch text,
  lane text,
  seq bigint,
  frame bigint,
  at bigint not null,
  received_at bigint not null,
  release text,
  blob text not null,
  width integer not null,
  height integer not null,
  encoding text not null,
  reasons jsonb not null default '[]',
  inclusion_probability double precision,
  audit boolean not null default false,
  predictions jsonb,
  class text,
  confidence double precision,
  margin double precision,
  luma double precision,
  embedding vector,
  track text,
  split text,
  context jsonb not null default '{}',
  primary key (fleet, id)
);
create unique index samples_by_record on samples (fleet, device, epoch, lane, seq) where source = 'device';
create index samples_by_time on samples (fleet, at desc, id desc);
create index samples_by_device on samples (fleet, device, at desc);
create index samples_by_class on samples (fleet, class, confidence);
create index samples_by_release on samples (fleet, release, at desc);
create index samples_by_track on samples (fleet, track);
create index samples_audited on samples (fleet, at desc) where audit;

create table predictions (
  fleet text not null,
  device text not null,
  epoch text not null,
  frame bigint not null,
  at bigint not null,
  lane text not null,
  seq bigint not null,
  release text not null,
  class text,
  confidence real,
  heads jsonb not null,
  track text,
  decision text,
  latency_us integer not null,
  primary key (fleet, device, epoch, frame)
);
create index predictions_by_time on predictions using brin (at);
create index predictions_by_device on predictions (fleet, device, at desc);
create index predictions_by_class on predictions (fleet, class, confidence);

create table sketches (
  fleet text not null,
  device text not null,
  epoch text not null,
  lane text not null,
  seq bigint not null,
  at bigint not null,
  received_at bigint not null,
  window_start bigint not null,
  window_ms bigint not null,
  release text not null,
  frames bigint not null,
  errors bigint not null,
  dropped bigint not null,
  body bytea not null,
  primary key (fleet, device, epoch, lane, seq)
);
create index sketches_by_window on sketches (fleet, device, window_start);

create table outcomes (
  fleet text not null,
  device text not null,
  epoch text not null,
  lane text not null,
  seq bigint not null,
  at bigint not null,
  received_at bigint not null,
  prediction text not null,
  prediction_epoch text not null,
  prediction_frame bigint not null,
  outcome text not null,
  value double precision,
  primary key (fleet, device, epoch, lane, seq)
);
create index outcomes_by_prediction on outcomes (fleet, device, prediction_epoch, prediction_frame);
create index outcomes_by_time on outcomes (fleet, outcome, at desc);

-- What will not come, as the device told it (or the hub, where its own copy was lost: reason `hub-restored`, seq 0).
create table gaps (
  fleet text not null,
  device text not null,
  epoch text not null,
  lane text not null,
  seq bigint not null,
  at bigint not null,
  received_at bigint not null,
  gap_lane text not null,
  from_seq bigint not null,
  to_seq bigint not null,
  count bigint not null,
  reason text not null,
  primary key (fleet, device, epoch, lane, seq, gap_lane, from_seq)
);
create index gaps_by_range on gaps (fleet, device, epoch, gap_lane, to_seq);

create table device_events (
  fleet text not null,
  device text not null,
  epoch text not null,
  lane text not null,
  seq bigint not null,
  at bigint not null,
  received_at bigint not null,
  kind text not null,
  body jsonb not null,
  primary key (fleet, device, epoch, lane, seq)
);
create index device_events_by_time on device_events (fleet, device, at desc);

-- What could not be taken in, with its bytes and the reason; bounded per device, counted without bound.
create table quarantine (
  fleet text not null,
  id bigint generated always as identity,
  device text not null,
  epoch text,
  lane text,
  seq bigint,
  received_at bigint not null,
  code text not null,
  reason text not null,
  digest text not null,
  payload bytea not null,
  primary key (fleet, id)
);
create index quarantine_by_device on quarantine (fleet, device, digest);

create table ingest_counts (
  fleet text not null,
  device text not null,
  name text not null,
  count bigint not null,
  primary key (fleet, device, name)
);

create table labels (
  fleet text not null,
  id text not null,
  sample text,
  track text,
  head text not null,
  class text not null,
  author text not null,
  kind text not null check (kind in ('human', 'machine')),
  suggestion text,
  at bigint not null,
  primary key (fleet, id),
  check ((sample is null) <> (track is null))
);
create index labels_by_sample on labels (fleet, sample, head, at desc) where sample is not null;
create index labels_by_track on labels (fleet, track, head, at desc) where track is not null;

create table snapshots (
  fleet text not null,
  id text not null,
  name text not null,
  hash text not null,
  manifest text not null,
  query jsonb not null,
  counts jsonb not null,
  created_at bigint not null,
  primary key (fleet, id)
);

create table snapshot_members (
  fleet text not null,
  snapshot text not null,
  sample text not null,
  role text not null,
  split text,
  unit text,
  labels jsonb not null default '{}',
  machine boolean not null default false,
  primary key (fleet, snapshot, sample)
);
create index snapshot_members_by_sample on snapshot_members (fleet, sample);

create table runs (
  fleet text not null,
  id text not null,
  model text not null,
  snapshot text not null,
  base text,
  recipe jsonb not null,
  seed bigint not null,
  state text not null,
  version text,
  metrics jsonb,
  error text,
  created_at bigint not null,
  started_at bigint,
  finished_at bigint,
  primary key (fleet, id)
);

create table run_events (
  fleet text not null,
  run text not null,
  number bigint not null,
  at bigint not null,
  kind text not null,
  body jsonb not null,
  primary key (fleet, run, number)
);

create table jobs (
  fleet text not null,
  id text not null,
  kind text not null,
  payload jsonb not null,
  state text not null default 'waiting',
  progress double precision,
  attempts integer not null default 0,
  lease_owner text,
  lease_until bigint,
  cancel_requested boolean not null default false,
  result jsonb,
  error text,
  created_at bigint not null,
  updated_at bigint not null,
  primary key (fleet, id)
);
create index jobs_open on jobs (created_at, id) where state in ('waiting', 'running');

create table versions (
  fleet text not null,
  id text not null,
  model text not null,
  run text not null,
  snapshot text not null,
  base text,
  preprocess jsonb not null,
  components jsonb not null,
  metrics jsonb not null default '{}',
  created_at bigint not null,
  primary key (fleet, id)
);

create table variants (
  fleet text not null,
  version text not null,
  target text not null,
  components jsonb not null,
  fit_card jsonb not null,
  created_at bigint,
  primary key (fleet, version, target)
);

create table releases (
  fleet text not null,
  digest text not null,
  version text not null,
  profiles jsonb not null,
  manifest jsonb not null,
  signed bytea not null,
  created_at bigint not null,
  primary key (fleet, digest)
);

create table desired_states (
  fleet text not null,
  device text not null,
  number bigint not null,
  release text not null,
  signed bytea not null,
  issued_at bigint not null,
  primary key (fleet, device, number)
);

create table evaluations (
  fleet text not null,
  id text not null,
  versions jsonb not null,
  query jsonb not null,
  figures jsonb not null,
  created_at bigint not null,
  primary key (fleet, id)
);

create table drift_windows (
  fleet text not null,
  device text not null,
  release text not null,
  window_end bigint not null,
  frames bigint not null,
  score double precision not null,
  threshold double precision,
  parts jsonb not null,
  primary key (fleet, device, release, window_end)
);

-- Which decisions were applied, by their id, with what came of it; replaying one again changes nothing.
create table decisions_applied (
  id text primary key,
  kind text not null,
  inbox_seq bigint not null,
  applied_at bigint not null,
  result jsonb,
  refusal jsonb
);

-- How far each lane of the inbox has been moved into these tables; epoch: the inbox that the number belongs to.
create table drain_cursors (
  lane text primary key,
  epoch text not null,
  up_to bigint not null,
  updated_at bigint not null
);
