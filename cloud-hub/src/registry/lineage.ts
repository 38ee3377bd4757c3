import Type, { type Static } from "typebox";
import { requireNotDeleted } from "../dataset/deleted-sample.ts";
import { HubError } from "../errors.ts";
import type { Hub } from "../hub-parts.ts";
import { getRelease } from "./release.ts";
import { getVersion } from "./version.ts";

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);

const VersionStepSchema = Type.Object({ id: Type.String(), model: Type.String(), createdAt: Type.Integer() });
const ReleaseStepSchema = Type.Object({
  digest: Type.String(),
  createdAt: Type.Integer(),
  createdBy: Nullable(Type.String()),
});

/**
 * Where a version came from and where it went: its run, the snapshot that the run learned from with its members by part, the
 * versions whose weights it began with (nearest first), its releases, and the devices that say they run one of them.
 */
export const LineageSchema = Type.Object({
  release: Type.Optional(ReleaseStepSchema),
  version: VersionStepSchema,
  bases: Type.Array(VersionStepSchema),
  run: Nullable(
    Type.Object({
      id: Type.String(),
      state: Type.String(),
      seed: Type.Integer(),
      createdAt: Type.Integer(),
      finishedAt: Nullable(Type.Integer()),
      createdBy: Nullable(Type.String()),
    }),
  ),
  snapshot: Nullable(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      hash: Type.String(),
      createdAt: Type.Integer(),
      createdBy: Nullable(Type.String()),
    }),
  ),
  samples: Type.Object({
    total: Type.Integer(),
    deleted: Type.Integer(),
    parts: Type.Array(
      Type.Object({
        role: Type.String(),
        split: Nullable(Type.String()),
        machine: Type.Boolean(),
        samples: Type.Integer(),
        tracks: Type.Integer(),
      }),
    ),
    devices: Type.Array(Type.Object({ device: Nullable(Type.String()), samples: Type.Integer() })),
  }),
  releases: Type.Array(ReleaseStepSchema),
  devices: Type.Array(Type.Object({ device: Type.String(), release: Type.String() })),
});
export type Lineage = Static<typeof LineageSchema>;

const basesAtMost = 50;

/** From a release down to the samples that its version learned from. @throws {HubError} `not-found` */
export async function releaseLineage(hub: Hub, digest: string): Promise<Lineage> {
  const { version } = await getRelease(hub, digest);
  const lineage = await versionLineage(hub, version);
  return { release: lineage.releases.find((each) => each.digest === digest), ...lineage };
}

/** The same from a version. @throws {HubError} `not-found` */
export async function versionLineage(hub: Hub, id: string): Promise<Lineage> {
  const version = await getVersion(hub, id);
  const [run] = await hub.rows<NonNullable<Lineage["run"]>>(
    `select id, state, seed, created_at as "createdAt", finished_at as "finishedAt", created_by as "createdBy"
     from runs where fleet = $1 and id = $2`,
    [hub.fleet, version.run],
  );
  const [snapshot] = await hub.rows<NonNullable<Lineage["snapshot"]>>(
    `select id, name, hash, created_at as "createdAt", created_by as "createdBy" from snapshots where fleet = $1 and id = $2`,
    [hub.fleet, version.snapshot],
  );
  const releases = await hub.rows<Lineage["releases"][number]>(
    `select digest, created_at as "createdAt", created_by as "createdBy" from releases
     where fleet = $1 and version = $2 order by created_at desc limit 100`,
    [hub.fleet, id],
  );
  return {
    version: { id, model: version.model, createdAt: version.createdAt },
    bases: await basesOf(hub, version.base),
    run: run ?? null,
    snapshot: snapshot ?? null,
    samples: await membersOf(hub, version.snapshot),
    releases: [...releases],
    devices: await devicesOf(hub, id),
  };
}

async function basesOf(hub: Hub, base: string | null): Promise<Lineage["bases"]> {
  const rows = await hub.rows<Lineage["bases"][number]>(
    `with recursive chain as (
       select id, model, base, created_at, 1 as depth from versions where fleet = $1 and id = $2
       union all
       select v.id, v.model, v.base, v.created_at, c.depth + 1 from versions v join chain c on v.id = c.base
       where v.fleet = $1 and c.depth < ${basesAtMost})
     select id, model, created_at as "createdAt" from chain order by depth`,
    [hub.fleet, base ?? ""],
  );
  return [...rows];
}

async function membersOf(hub: Hub, snapshot: string): Promise<Lineage["samples"]> {
  const parts = await hub.rows<Lineage["samples"]["parts"][number]>(
    `select role, split, machine, count(*) as samples, count(distinct unit) as tracks from snapshot_members
     where fleet = $1 and snapshot = $2 group by 1, 2, 3 order by 1, 2, 3`,
    [hub.fleet, snapshot],
  );
  const devices = await hub.rows<{ device: string | null; samples: number; deleted: number }>(
    `select s.device, count(*) as samples, count(*) filter (where s.id is null) as deleted
     from snapshot_members m left join samples s on s.fleet = m.fleet and s.id = m.sample
     where m.fleet = $1 and m.snapshot = $2 group by 1 order by 2 desc limit 1000`,
    [hub.fleet, snapshot],
  );
  return {
    total: parts.reduce((sum, part) => sum + part.samples, 0),
    deleted: devices.reduce((sum, row) => sum + row.deleted, 0),
    parts: [...parts],
    devices: devices.map(({ device, samples }) => ({ device, samples })),
  };
}

async function devicesOf(hub: Hub, version: string): Promise<Lineage["devices"]> {
  const rows = await hub.rows<Lineage["devices"][number]>(
    `select d.device, r.digest as release from devices d
     join releases r on r.fleet = d.fleet and r.digest = d.inventory ->> 'release'
     where d.fleet = $1 and r.version = $2 order by d.device limit 10000`,
    [hub.fleet, version],
  );
  return [...rows];
}

/** What learned from a sample: the snapshots that hold it, the runs on them, their versions and those versions' releases. */
export const SampleLineageSchema = Type.Object({
  sample: Type.String(),
  release: Nullable(Type.String()),
  snapshots: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      createdAt: Type.Integer(),
      role: Type.String(),
      split: Nullable(Type.String()),
      machine: Type.Boolean(),
      labels: Type.Record(Type.String(), Type.String()),
      runs: Type.Array(
        Type.Object({
          run: Type.String(),
          state: Type.String(),
          version: Nullable(Type.String()),
          releases: Type.Array(Type.String()),
        }),
      ),
    }),
  ),
});
export type SampleLineage = Static<typeof SampleLineageSchema>;

/** From a sample up to the releases that learned from it. @throws {HubError} `not-found`, `sample-deleted` */
export async function sampleLineage(hub: Hub, id: string): Promise<SampleLineage> {
  const [sample] = await hub.rows<{ release: string | null }>(
    "select release from samples where fleet = $1 and id = $2",
    [hub.fleet, id],
  );
  if (sample === undefined) {
    await requireNotDeleted(hub, [id]);
    throw new HubError("not-found", `Expected a sample of this fleet, found none with id ${id}.`);
  }
  const snapshots = await hub.rows<SampleLineage["snapshots"][number]>(
    `select n.id, n.name, n.created_at as "createdAt", m.role, m.split, m.machine, m.labels, coalesce((
       select jsonb_agg(jsonb_build_object('run', r.id, 'state', r.state, 'version', r.version, 'releases', coalesce((
         select jsonb_agg(x.digest order by x.created_at) from releases x where x.fleet = r.fleet and x.version = r.version),
         '[]'::jsonb)) order by r.created_at)
       from runs r where r.fleet = n.fleet and r.snapshot = n.id), '[]'::jsonb) as runs
     from snapshot_members m join snapshots n on n.fleet = m.fleet and n.id = m.snapshot
     where m.fleet = $1 and m.sample = $2 order by n.created_at desc limit 200`,
    [hub.fleet, id],
  );
  return { sample: id, release: sample.release, snapshots: [...snapshots] };
}
