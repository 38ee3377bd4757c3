import Type, { type Static } from "typebox";
import { driftThreshold } from "../drift/score.ts";
import { type Device, listDevices } from "../fleet/device.ts";
import type { Hub } from "../hub-parts.ts";

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);

/** since: when today began for who looks, ms since 1970; the last 24 hours unless given */
export const OverviewRequestSchema = Type.Object({ since: Type.Optional(Type.Integer({ minimum: 0 })) });
export type OverviewRequest = Static<typeof OverviewRequestSchema>;

/**
 * The loop in figures. devices.unhealthy: silent or failing · samples.waiting: of devices, nobody answered for them ·
 * today: by capture time since `since` · drift: the worst device by its newest window, `alarm` after two windows above the threshold
 */
export const OverviewSchema = Type.Object({
  at: Type.Integer(),
  since: Type.Integer(),
  devices: Type.Object({ total: Type.Integer(), connected: Type.Integer(), unhealthy: Type.Integer() }),
  samples: Type.Object({ total: Type.Integer(), waiting: Type.Integer(), today: Type.Integer() }),
  drift: Type.Object({
    state: Type.Enum(["steady", "alarm", "unknown"]),
    device: Nullable(Type.String()),
    score: Nullable(Type.Number()),
    threshold: Type.Number(),
    frames: Type.Integer(),
    devices: Type.Integer(),
  }),
  labels: Type.Object({ total: Type.Integer(), people: Type.Integer(), today: Type.Integer() }),
  runs: Type.Object({ running: Type.Integer(), finished: Type.Integer() }),
  releases: Type.Object({ total: Type.Integer(), latest: Nullable(Type.String()), latestAt: Nullable(Type.Integer()) }),
  rollouts: Type.Object({ running: Type.Integer() }),
});
export type Overview = Static<typeof OverviewSchema>;

const dayMs = 86_400_000;

/** The figures of every station of the loop, read from rollups and indexes. */
export async function readOverview(hub: Hub, request: OverviewRequest): Promise<Overview> {
  const at = hub.clock();
  const since = request.since ?? at - dayMs;
  const [counts] = await hub.rows<Counts>(countsSql, [hub.fleet, since]);
  const devices = await listDevices(hub);
  const isUnhealthy = ({ health }: Device) => health.state === "silent" || health.state === "failing";
  return {
    at,
    since,
    devices: {
      total: devices.length,
      connected: devices.filter(({ connected }) => connected).length,
      unhealthy: devices.filter(isUnhealthy).length,
    },
    ...stationsOf(counts!),
    drift: await readDriftState(hub),
  };
}

type Counts = Readonly<
  Record<
    | "samples"
    | "today"
    | "waiting"
    | "labels"
    | "people"
    | "labelsToday"
    | "running"
    | "finished"
    | "releases"
    | "rollouts",
    number
  >
> & { readonly latest: string | null; readonly latestAt: number | null };

function stationsOf(counts: Counts): Omit<Overview, "at" | "since" | "drift" | "devices"> {
  const { samples, today, waiting, labels, people, labelsToday } = counts;
  return {
    samples: { total: samples, waiting, today },
    labels: { total: labels, people, today: labelsToday },
    runs: { running: counts.running, finished: counts.finished },
    releases: { total: counts.releases, latest: counts.latest, latestAt: counts.latestAt },
    rollouts: { running: counts.rollouts },
  };
}

const countsSql = `select
  (select coalesce(sum(count), 0)::int8 from sample_totals where fleet = $1 and level = 86400000) as samples,
  (select coalesce(sum(count), 0)::int8 from sample_totals where fleet = $1 and level = 60000 and source = 'device' and start >= $2) as today,
  (select count(*) from samples where fleet = $1 and source = 'device' and not is_labelled) as waiting,
  (select count(*) from labels where fleet = $1 and kind = 'human' and author <> 'import') as labels,
  (select count(distinct author) from labels where fleet = $1 and kind = 'human' and author <> 'import') as people,
  (select count(*) from labels where fleet = $1 and kind = 'human' and author <> 'import' and at >= $2) as "labelsToday",
  (select count(*) from runs where fleet = $1 and state in ('waiting', 'running')) as running,
  (select count(*) from runs where fleet = $1 and state = 'done') as finished,
  (select count(*) from releases where fleet = $1) as releases,
  (select digest from releases where fleet = $1 order by created_at desc limit 1) as latest,
  (select created_at from releases where fleet = $1 order by created_at desc limit 1) as "latestAt",
  (select count(*) from rollouts where fleet = $1 and state in ('running', 'paused')) as rollouts`;

type DriftRow = {
  readonly device: string;
  readonly score: number;
  readonly before: number | null;
  readonly frames: number;
};

/** The newest two windows of each device's newest release decide; the rest is history. */
async function readDriftState(hub: Hub): Promise<Overview["drift"]> {
  const rows = await hub.rows<DriftRow>(
    `select d.device, w[1] as score, w[2] as before, n[1] as frames from devices d, lateral (
       select array_agg(score order by window_end desc) as w, array_agg(frames order by window_end desc) as n from (
         select score, frames, window_end from drift_windows x where x.fleet = d.fleet and x.device = d.device
           and x.release = (select release from drift_windows y where y.fleet = d.fleet and y.device = d.device
                            order by window_end desc limit 1)
         order by window_end desc limit 2) newest) windows
     where d.fleet = $1 and w is not null limit 10000`,
    [hub.fleet],
  );
  const worst = rows.toSorted((a, b) => b.score - a.score)[0];
  const alarmed = rows.filter(({ score, before }) => score > driftThreshold && (before ?? 0) > driftThreshold);
  const shown = alarmed.toSorted((a, b) => b.score - a.score)[0] ?? worst;
  return {
    state: worst === undefined ? "unknown" : alarmed.length > 0 ? "alarm" : "steady",
    device: shown?.device ?? null,
    score: shown?.score ?? null,
    threshold: driftThreshold,
    frames: Number(shown?.frames ?? 0),
    devices: rows.length,
  };
}
