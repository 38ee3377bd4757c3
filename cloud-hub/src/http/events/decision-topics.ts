import type { Receipt } from "@fieldloop/devices";
import type { DecisionKind } from "../../decision-list.ts";
import type { ChangeTopic } from "./change-feed.ts";

const topics: Readonly<Partial<Record<string, ChangeTopic | "people">>> = {
  person: "people",
  "person-revoked": "people",
  device: "devices",
  enrolment: "devices",
  "desired-state": "devices",
  import: "samples",
  "sample-deleted": "samples",
  label: "labels",
  snapshot: "runs",
  run: "runs",
  "run-ended": "runs",
  job: "runs",
  version: "runs",
  variants: "runs",
  release: "releases",
};

/** What a page shows of a kind of decision. */
export function topicOfDecision(kind: DecisionKind): ChangeTopic | "people" {
  return topics[kind] ?? (kind.startsWith("rollout") ? "rollouts" : "devices");
}

/** What a page shows of what devices sent. */
export function topicsOfReceipts(receipts: readonly Receipt[]): ChangeTopic[] {
  const lanes = new Set(receipts.map(({ lane }) => lane));
  const found: ChangeTopic[] = ["devices"];
  if (lanes.has("samples") || lanes.has("audit")) found.push("samples");
  if (lanes.has("sketches")) found.push("drift");
  return found;
}
