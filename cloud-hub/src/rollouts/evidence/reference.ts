import type { ReleaseManifest } from "@fieldloop/devices";
import type { DriftReference } from "../../drift/reference.ts";
import type { Hub } from "../../hub-parts.ts";
import type { ReleaseReference } from "../health/index.ts";

type Head = { readonly name: string; readonly classes: readonly string[] };
type Reader = Pick<Hub, "rows" | "fleet" | "readBlob">;
type Row = {
  readonly manifest: ReleaseManifest;
  readonly blob: string | null;
  readonly snapshot: string | null;
};

/**
 * What a release looks like where it was judged: the mean confidence of its primary head on the hub's own reference frames,
 * and how often each class is labelled in its old validation samples; null where the hub holds neither.
 */
export async function readReference(hub: Reader, release: string): Promise<ReleaseReference | null> {
  const [row] = await hub.rows<Row>(
    `select r.manifest, v.metrics ->> 'driftReference' as blob, v.snapshot
     from releases r left join versions v on v.fleet = r.fleet and v.id = r.version where r.fleet = $1 and r.digest = $2`,
    [hub.fleet, release],
  );
  const head = row === undefined ? undefined : primaryHead(row.manifest);
  if (head === undefined || row?.blob == null || row.snapshot === null) return null;
  const confidenceMean = await meanConfidence(hub, row.blob, head.name);
  const classShares = await labelledShares(hub, row.snapshot, head);
  return confidenceMean === null || classShares === null ? null : { confidenceMean, classShares };
}

function primaryHead({ pipeline, components }: ReleaseManifest): Head | undefined {
  const step = pipeline.find((each) => each.kind === "heads");
  const name = step?.kind === "heads" ? step.components[0] : undefined;
  const found = components.find((each) => each.role === "head" && (name === undefined || each.name === name));
  return found === undefined ? undefined : { name: found.name, classes: found.classes ?? [] };
}

/** The newest domain that the version was made for: the field where it has one. */
async function meanConfidence(hub: Reader, blob: string, head: string): Promise<number | null> {
  const references = JSON.parse(Buffer.from(await hub.readBlob(blob)).toString("utf8")) as DriftReference[]; // our own blob
  const bins = references.at(-1)?.summary.confidence[head] ?? [];
  const frames = bins.reduce((sum, count) => sum + count, 0);
  if (frames === 0) return null;
  return bins.reduce((sum, count, bin) => sum + (count * (bin + 0.5)) / bins.length, 0) / frames;
}

async function labelledShares(hub: Reader, snapshot: string, head: Head): Promise<number[] | null> {
  const rows = await hub.rows<{ label: string; count: number }>(
    `select labels ->> $3 as label, count(*)::int as count from snapshot_members
     where fleet = $1 and snapshot = $2 and split = 'val' and role = 'old' and labels ->> $3 is not null group by 1`,
    [hub.fleet, snapshot, head.name],
  );
  const counts = new Map(rows.map(({ label, count }) => [label, count]));
  const total = rows.reduce((sum, { count }) => sum + count, 0);
  return total === 0 ? null : head.classes.map((name) => (counts.get(name) ?? 0) / total);
}
