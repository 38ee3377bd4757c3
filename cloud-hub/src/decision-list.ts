import { applyImport } from "./dataset/apply-import.ts";
import { applyLabel } from "./dataset/apply-label.ts";
import { applySampleDeleted } from "./dataset/apply-sample-deleted.ts";
import { applySnapshot } from "./dataset/apply-snapshot.ts";
import { applyDesiredState } from "./fleet/apply-desired-state.ts";
import { applyDevice } from "./fleet/apply-device.ts";
import { applyDeviceGroup } from "./fleet/apply-device-group.ts";
import { applyEnrolment } from "./fleet/apply-enrolment.ts";
import type { DecisionApplier } from "./inbox/decision.ts";
import type { FleetApplier } from "./inbox/fleet-applier.ts";
import { applyJob } from "./jobs/apply-job.ts";
import { applyRun, applyRunEnded } from "./jobs/apply-run.ts";
import { applyPerson, applyPersonRevoked } from "./people/apply-person.ts";
import { applyRelease } from "./registry/apply-release.ts";
import { applyVariants, applyVersion } from "./registry/apply-version.ts";
import { applyRollout, applyRolloutStep } from "./rollouts/apply-rollout.ts";

/** Every kind of decision, by the name under which it stands in the inbox. */
const appliers = {
  person: applyPerson,
  "person-revoked": applyPersonRevoked,
  device: applyDevice,
  "device-group": applyDeviceGroup,
  enrolment: applyEnrolment,
  "desired-state": applyDesiredState,
  import: applyImport,
  label: applyLabel,
  "sample-deleted": applySampleDeleted,
  snapshot: applySnapshot,
  run: applyRun,
  "run-ended": applyRunEnded,
  job: applyJob,
  version: applyVersion,
  variants: applyVariants,
  release: applyRelease,
  rollout: applyRollout,
  "rollout-step": applyRolloutStep,
} as const;

/** The kinds of decision. */
export type DecisionKind = keyof typeof appliers;
/** What a kind of decision carries. */
export type DecisionPayload<Kind extends DecisionKind> = Parameters<(typeof appliers)[Kind]>[2];

/** The appliers of one fleet. */
export function decisionAppliers(fleet: string): Readonly<Record<DecisionKind, DecisionApplier>> {
  const bound = Object.entries(appliers).map(([kind, apply]) => {
    // A decision's payload is what `decide` took for its kind, read back from the inbox.
    const applier: DecisionApplier = (session, decision) =>
      (apply as FleetApplier<unknown>)(session, fleet, decision.payload, decision);
    return [kind, applier] as const;
  });
  return Object.fromEntries(bound) as Readonly<Record<DecisionKind, DecisionApplier>>;
}
