import { randomUUID } from "node:crypto";
import { canonicalBytes, digestOf } from "@fieldloop/devices";
import { HubError } from "../errors.ts";
import type { Hub } from "../hub-parts.ts";
import { type Label, type LabelledSample, labelledSamples } from "./labelled-sample.ts";
import { type SelfLabel, selfLabelTracks } from "./self-label.ts";
import type { NewSnapshot, Snapshot, SnapshotMember } from "./snapshot.ts";

/**
 * Freezes the members of one or more queries; nothing of a test split or of an audited track is among them. by: who asks
 * @throws {HubError} `empty-snapshot`
 */
export async function createSnapshot(hub: Hub, request: NewSnapshot, by: string | null = null): Promise<Snapshot> {
  const counts: Record<string, number> = {};
  const members = new Map<string, SnapshotMember>();
  for (const part of request.parts) {
    const found = part.role === "old" ? await oldMembers(hub, part, counts) : await fieldMembers(hub, part, counts);
    for (const member of found) members.set(member.sample, member);
  }
  const sorted = [...members.values()].toSorted((a, b) => (a.sample < b.sample ? -1 : 1));
  if (sorted.length === 0) {
    throw new HubError(
      "empty-snapshot",
      "Expected labelled samples in the snapshot's queries, found none; import or label some first.",
    );
  }
  const manifestBytes = canonicalBytes({ v: 1, members: sorted });
  const hash = digestOf(manifestBytes);
  const manifest = await hub.putBlob(manifestBytes);
  const id = `n_${randomUUID().replaceAll("-", "").slice(0, 20)}`;
  const createdAt = hub.clock();
  const snapshot = { id, name: request.name, hash, manifest, createdAt, counts: { members: sorted.length, ...counts } };
  await hub.decide("snapshot", `snapshot ${id}`, { ...snapshot, query: request.parts, members: sorted, by });
  return snapshot;
}

type Part = NewSnapshot["parts"][number];

async function oldMembers(hub: Hub, part: Part, counts: Record<string, number>): Promise<SnapshotMember[]> {
  const samples = await labelledSamples(hub, { ...part.query, source: part.query.source ?? "import" });
  const members = samples
    .filter((sample) => sample.split !== "test" && !sample.audit)
    .map((sample) => toMember(sample, "old"));
  count(counts, "old", members.length);
  count(counts, "oldTrain", members.filter((member) => member.split === "train").length);
  return members;
}

async function fieldMembers(hub: Hub, part: Part, counts: Record<string, number>): Promise<SnapshotMember[]> {
  const query = { ...part.query, source: "device" as const };
  const samples = await labelledSamples(hub, query, { withUnlabelled: true });
  const audited = await auditedUnits(hub);
  const allowed = samples.filter((sample) => !sample.audit && !audited.has(sample.unit));
  const answered = allowed.filter((sample) => Object.keys(sample.labels).length > 0);
  const answeredUnits = new Set(answered.map((sample) => sample.unit));
  const open = allowed.filter((sample) => !answeredUnits.has(sample.unit));
  const voted = part.selfLabel === undefined ? [] : await selfLabelTracks(hub, open, part.selfLabel.threshold);
  count(counts, "field", answered.length + voted.reduce((sum, each) => sum + each.samples.length, 0));
  count(counts, "fieldHuman", answered.length);
  count(counts, "fieldHumanTracks", answeredUnits.size);
  count(
    counts,
    "fieldMachine",
    voted.reduce((sum, each) => sum + each.samples.length, 0),
  );
  count(counts, "fieldMachineTracks", voted.length);
  count(
    counts,
    "auditedTracksLeftOut",
    new Set(samples.map((each) => each.unit).filter((unit) => audited.has(unit))).size,
  );
  return [...answered.map((sample) => toMember(sample, "field")), ...voted.flatMap(fromVote)];
}

async function auditedUnits(hub: Hub): Promise<Set<string>> {
  const audited = await labelledSamples(hub, { source: "device", audit: true }, { withUnlabelled: true });
  return new Set(audited.map((sample) => sample.unit));
}

function toMember(sample: LabelledSample, role: "old" | "field"): SnapshotMember {
  const labels = Object.fromEntries(
    Object.entries(sample.labels).map(([head, label]: [string, Label]) => [head, label.class]),
  );
  return memberOf(sample, role, labels, false);
}

const fromVote = ({ samples, labels }: SelfLabel): SnapshotMember[] =>
  samples.map((sample) => memberOf(sample, "field", labels, true));

function memberOf(
  sample: LabelledSample,
  role: "old" | "field",
  labels: Record<string, string>,
  machine: boolean,
): SnapshotMember {
  const split = role === "old" && sample.split === "val" ? "val" : "train";
  return { sample: sample.id, blob: sample.blob, role, split, unit: sample.unit, labels, machine };
}

function count(counts: Record<string, number>, name: string, amount: number): void {
  counts[name] = (counts[name] ?? 0) + amount;
}
