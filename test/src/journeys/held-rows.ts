import { openHubStore } from "@fieldloop/cloud-hub/store";

/** What was acknowledged, by kind: the rows that stand for it, without what only says when they were last touched. */
const kinds = {
  samples: "select * from samples",
  predictions: "select * from predictions",
  sketches: "select * from sketches",
  "device events": "select * from device_events",
  outcomes: "select * from outcomes",
  gaps: "select * from gaps",
  records: "select * from records",
  cursors: "select fleet, device, epoch, lane, up_to from cursors",
  labels: "select * from labels",
  devices:
    "select fleet, device, profile, group_name, simulated, public_key, credential_hash, created_at, enrolled_at from devices",
  enrolments: "select * from enrolments",
  snapshots: "select * from snapshots",
  "snapshot members": "select * from snapshot_members",
  runs: "select fleet, id, model, snapshot, base, recipe, seed, state, version from runs",
  versions: "select * from versions",
  variants: "select * from variants",
  releases: "select * from releases",
  "desired states": "select * from desired_states",
} as const;

/** A kind of thing that a hub holds. */
export type HeldKind = keyof typeof kinds;

/** Rows as text, by kind. */
export type HeldRows = Readonly<Record<HeldKind, ReadonlySet<string>>>;

/** The kinds that people decide, all of which a hub has answered for before it goes on. */
export const decidedKinds = [
  "labels",
  "devices",
  "enrolments",
  "snapshots",
  "snapshot members",
  "runs",
  "versions",
  "variants",
  "releases",
  "desired states",
] as const satisfies readonly HeldKind[];

/** Opens the store of a stopped hub and reads what it holds, and which images do not read back. */
export async function heldRows(dataDir: string): Promise<{ readonly rows: HeldRows; readonly unreadable: number }> {
  const store = await openHubStore({ dataDir, appliers: {} });
  try {
    await store.idle();
    const entries: (readonly [string, ReadonlySet<string>])[] = [];
    for (const [kind, sql] of Object.entries(kinds)) {
      const { rows } = await store.db.query<{ row: string }>(`select held::text as row from (${sql}) held`);
      entries.push([kind, new Set(rows.map(({ row }) => row))]);
    }
    const blobs = await store.db.query<{ blob: string }>("select distinct blob from samples");
    let unreadable = 0;
    for (const { blob } of blobs.rows) await store.blobs.get(blob).catch(() => (unreadable += 1));
    return { rows: Object.fromEntries(entries) as HeldRows, unreadable }; // the kinds above
  } finally {
    await store.close();
  }
}

/** How many rows of one kind are no longer there. */
export function missing(before: ReadonlySet<string>, after: ReadonlySet<string>): number {
  return [...before].filter((row) => !after.has(row)).length;
}
