-- A release on its way through a group. step: counts its decisions, each of which names the one that it follows.
create table rollouts (
  fleet text not null,
  id text not null,
  release text not null,
  group_name text not null,
  state text not null,
  cause text,
  step bigint not null default 0,
  author text not null,
  reason text not null,
  soak_ms bigint not null,
  longest_soak_ms bigint not null,
  gate jsonb not null,
  created_at bigint not null,
  resumed_at bigint not null,
  ended_at bigint,
  primary key (fleet, id)
);
create index rollouts_by_time on rollouts (fleet, created_at desc);
create index rollouts_going on rollouts (fleet, id) where state in ('running', 'paused');

create table rollout_waves (
  fleet text not null,
  rollout text not null,
  number integer not null,
  share text not null,
  state text not null,
  opened_at bigint,
  decided_at bigint,
  verdict jsonb,
  primary key (fleet, rollout, number)
);

-- position: the order in which devices are asked · number: of the last desired state that the rollout gave the device
create table rollout_devices (
  fleet text not null,
  rollout text not null,
  device text not null,
  wave integer not null,
  position integer not null,
  profile text not null,
  state text not null,
  previous text,
  number bigint,
  offered_at bigint,
  first_prediction_at bigint,
  returned_at bigint,
  reason text,
  primary key (fleet, rollout, device)
);
create index rollout_devices_in_order on rollout_devices (fleet, rollout, position);
create index rollout_devices_by_device on rollout_devices (fleet, device);

create table rollout_steps (
  fleet text not null,
  rollout text not null,
  step bigint not null,
  at bigint not null,
  kind text not null,
  sentence text not null,
  author text,
  primary key (fleet, rollout, step)
);

-- What came since is read by when it came: a device's own clock may be wrong.
create index sketches_by_receipt on sketches (fleet, device, received_at);
create index device_events_by_receipt on device_events (fleet, device, received_at);
create index outcomes_by_receipt on outcomes (fleet, device, received_at);
