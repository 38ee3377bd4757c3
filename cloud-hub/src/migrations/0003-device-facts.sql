-- What the hub finds out about each device. Times are the hub's unless a line says that they are the device's.

-- clock_offset_ms: added to the device's times to get the hub's, 0 while they agree within two seconds.
-- unassigned_release: what it last reported to run though it was never given here. twin_at: when two processes were last
-- seen to share its credential.
alter table devices
  add column connected_at bigint,
  add column disconnected_at bigint,
  add column clock_offset_ms bigint not null default 0,
  add column clock_samples jsonb not null default '{}',
  add column unassigned_release text,
  add column unassigned_at bigint,
  add column twin_at bigint;

-- One row per start of a device's process; started_at by its own clock, heard_at the newest hello of this start.
create table device_starts (
  fleet text not null,
  device text not null,
  epoch text not null,
  started_at bigint not null,
  release text,
  runtime_version text not null,
  received_at bigint not null,
  heard_at bigint not null,
  engine_restarts bigint not null default 0,
  primary key (fleet, device, epoch, started_at)
);
create index device_starts_by_hearing on device_starts (fleet, device, heard_at desc);
create index device_starts_by_time on device_starts (fleet, received_at);

-- Engines that ended by themselves and were started anew, as hellos told it; total: since that start of the process.
create table engine_restarts (
  fleet text not null,
  device text not null,
  epoch text not null,
  started_at bigint not null,
  total bigint not null,
  count bigint not null,
  release text,
  received_at bigint not null,
  primary key (fleet, device, epoch, started_at, total)
);
create index engine_restarts_by_time on engine_restarts (fleet, received_at);

-- Every restart by the hub's time: of the process (but its first start) and of its engine.
create view device_restarts as
  select s.fleet, s.device, s.received_at as at, 'process' as kind, 1::bigint as count, s.release
  from device_starts s
  where exists (
    select 1 from device_starts b where b.fleet = s.fleet and b.device = s.device and b.received_at < s.received_at
  )
  union all
  select fleet, device, received_at, 'engine', count, release from engine_restarts;

-- window_end: by the hub's clock, never after received_at. apart: why a window counts for nothing (`future`, `early`,
-- `unassigned`), null for the good ones. head: the primary one, of which are confidence (from the middles of its 20 bins)
-- and class_counts. log_latency_sum: of ln µs, from the middles of the log2 bins.
alter table sketches
  add column window_end bigint,
  add column clock_offset_ms bigint not null default 0,
  add column apart text,
  add column head text,
  add column confidence_sum double precision,
  add column confidence_squares double precision,
  add column class_counts jsonb,
  add column log_latency_sum double precision,
  add column drop_reasons jsonb not null default '{}',
  add column error_reasons jsonb not null default '{}';
update sketches set window_end = least(window_start + window_ms, received_at);
create index sketches_by_end on sketches (fleet, window_end);
create index sketches_by_device_end on sketches (fleet, device, window_end);

-- hub_at: the device's time of it by the hub's clock.
alter table outcomes add column hub_at bigint;
update outcomes set hub_at = least(at, received_at);
create index outcomes_by_hub_time on outcomes (fleet, hub_at);
alter table device_events add column hub_at bigint;
update device_events set hub_at = least(at, received_at);
alter table gaps add column hub_at bigint;
update gaps set hub_at = least(at, received_at);
create index gaps_by_receipt on gaps (fleet, received_at);

-- Sums over ten minutes by the hub's clock, for timelines: name is `frames`, `errors`, `drop <reason>` or `error <reason>`.
create table device_counts (
  fleet text not null,
  device text not null,
  bucket_start bigint not null,
  release text not null,
  name text not null,
  count bigint not null,
  primary key (fleet, device, bucket_start, release, name)
);

-- What an operator should know of a device, in sentences; written when it begins or ends, not each time it is seen.
create table device_notes (
  fleet text not null,
  device text not null,
  at bigint not null,
  kind text not null check (kind in ('clock', 'window', 'release', 'twin')),
  sentence text not null,
  primary key (fleet, device, at, kind)
);
