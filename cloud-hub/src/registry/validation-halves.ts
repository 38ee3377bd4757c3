import { createHash } from "node:crypto";
import { type LabelledSample, labelledSamples } from "../dataset/labelled-sample.ts";
import { type SnapshotMember, snapshotMembers } from "../dataset/snapshot.ts";
import type { Hub } from "../hub-parts.ts";

/** The old validation samples of a snapshot, split by track: one half sets ranges and references, the other judges. */
export type ValidationHalves = {
  readonly calibration: readonly SnapshotMember[];
  readonly judged: readonly SnapshotMember[];
};

/** Splits a snapshot's old validation members into two halves; a track is in one half as a whole, by hash. */
export async function validationHalves(hub: Hub, manifest: string): Promise<ValidationHalves> {
  const members = await snapshotMembers(hub, { manifest });
  const validation = members.filter(({ role, split }) => role === "old" && split === "val");
  const [calibration = [], judged = []] = [true, false].map((half) =>
    validation.filter(({ unit }) => isCalibrationUnit(unit) === half),
  );
  return { calibration, judged };
}

/** Says in which half a track falls; the same for every version, so that no version calibrates on what another is judged by. */
export function isCalibrationUnit(unit: string): boolean {
  return (createHash("sha256").update(`validation half ${unit}`).digest()[0]! & 1) === 0;
}

/** The audited field samples so far, for the reference of versions that were trained on field data. */
export function auditedFieldSamples(hub: Hub): Promise<LabelledSample[]> {
  return labelledSamples(hub, { source: "device", audit: true }, { withUnlabelled: true });
}
