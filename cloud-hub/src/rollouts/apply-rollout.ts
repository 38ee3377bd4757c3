import { HubError } from "../errors.ts";
import type { DesiredStateDecision } from "../fleet/apply-desired-state.ts";
import type { FleetApplier } from "../inbox/fleet-applier.ts";
import { byteaText } from "../ingest/table-rows.ts";
import type { SqlSession } from "../storage/db.ts";
import type { Rollout } from "./rollout.ts";
import { listed } from "./sentence.ts";
import type { DeviceChange, RolloutChange, Step, WaveChange } from "./step.ts";

/** A rollout as it begins, nothing asked yet, and its first step, so that one call and one decision reach the first devices. */
export type RolloutDecision = Omit<Rollout, "previous" | "steps"> & { readonly first: RolloutStepDecision };

/** One step, the number of the step that it follows, and the signed desired states that it causes. */
export type RolloutStepDecision = Omit<Step, "wanted"> & {
  readonly rolloutId: string;
  readonly after: number;
  readonly at: number;
  readonly desired: readonly DesiredStateDecision[];
};

/** Devices (text[] as $2) that a rollout still has in its hands: it goes on, or has to give them back. */
export const heldDevices = `select d.device, d.rollout from rollout_devices d
  join rollouts r on r.fleet = d.fleet and r.id = d.rollout
  where d.fleet = $1 and d.device = any($2::text[]) and (
    (r.state in ('running', 'paused') and d.state <> 'left')
    or (d.previous is not null and d.returned_at is null
        and (d.state in ('offered', 'refused') or (d.state = 'running' and r.state in ('stopped', 'aborted')))))`;

/** Writes a new rollout. @throws {HubError} `rollout-conflict` when another one has one of its devices */
export const applyRollout: FleetApplier<RolloutDecision> = async (session, fleet, decision) => {
  const devices = decision.waves.flatMap(({ number, devices: members }) =>
    members.map((member) => ({ ...member, wave: number })),
  );
  await refuseHeld(
    session,
    fleet,
    devices.map(({ device }) => device),
  );
  const { id, release, group, state, by, reason, soakMs, longestSoakMs, gate, createdAt, resumedAt } = decision;
  await session.query(
    `insert into rollouts (fleet, id, release, group_name, state, author, reason, soak_ms, longest_soak_ms, gate, created_at, resumed_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::jsonb, $11, $12)`,
    [fleet, id, release, group, state, by, reason, soakMs, longestSoakMs, JSON.stringify(gate), createdAt, resumedAt],
  );
  await session.query(
    `insert into rollout_waves (fleet, rollout, number, share, state)
     select $1, $2, number, share, state from jsonb_to_recordset($3::jsonb) as w(number integer, share text, state text)`,
    [fleet, id, JSON.stringify(decision.waves.map(({ number, share, state: at }) => ({ number, share, state: at })))],
  );
  await session.query(
    `insert into rollout_devices (fleet, rollout, device, wave, position, profile, state, previous)
     select $1, $2, device, wave, position, profile, state, previous from jsonb_to_recordset($3::jsonb)
       as d(device text, wave integer, position integer, profile text, state text, previous text)`,
    [fleet, id, JSON.stringify(devices.map((device, position) => ({ ...device, position })))],
  );
  await takeRolloutStep(session, fleet, decision.first);
};

async function refuseHeld(session: SqlSession, fleet: string, devices: readonly string[]): Promise<void> {
  const { rows } = await session.query<{ device: string; rollout: string }>(heldDevices, [fleet, devices]);
  if (rows.length > 0) throw heldElsewhere(rows);
}

/** The sentence for devices that are in a rollout already. */
export function heldElsewhere(rows: readonly { readonly device: string; readonly rollout: string }[]): HubError {
  const names = listed([...new Set(rows.map(({ device }) => device))]);
  const rollout = rows[0]?.rollout ?? "none";
  return new HubError(
    "rollout-conflict",
    `Expected devices that no rollout has in its hands, but ${names} ${rows.length === 1 ? "is" : "are"} in rollout ${rollout}; wait for its end or abort it.`,
  );
}

/**
 * Advances a rollout by one step, with the desired states that it causes, or not at all.
 * @throws {HubError} `stale-step` when another step came first
 */
export const applyRolloutStep: FleetApplier<RolloutStepDecision> = (session, fleet, decision) =>
  takeRolloutStep(session, fleet, decision);

async function takeRolloutStep(session: SqlSession, fleet: string, decision: RolloutStepDecision): Promise<void> {
  const { rolloutId: id, after, at, kind, sentence, by, rollout = {}, waves = [], devices = [], desired } = decision;
  await advance(session, { fleet, id, after, sentence }, rollout);
  for (const wave of waves) await changeWave(session, fleet, id, wave);
  await changeDevices(session, fleet, id, devices);
  await insertDesired(session, fleet, desired);
  await session.query(
    `insert into rollout_steps (fleet, rollout, step, at, kind, sentence, author) values ($1, $2, $3, $4, $5, $6, $7)`,
    [fleet, id, after + 1, at, kind, sentence, by ?? null],
  );
}

type Place = { readonly fleet: string; readonly id: string; readonly after: number; readonly sentence: string };

async function advance(
  session: SqlSession,
  { fleet, id, after, sentence }: Place,
  change: RolloutChange,
): Promise<void> {
  const { affected } = await session.query(
    `update rollouts set step = step + 1, reason = $4, state = coalesce($5, state), cause = coalesce($6, cause),
       resumed_at = coalesce($7, resumed_at), ended_at = coalesce($8, ended_at)
     where fleet = $1 and id = $2 and step = $3`,
    [
      fleet,
      id,
      after,
      sentence,
      change.state ?? null,
      change.cause ?? null,
      change.resumedAt ?? null,
      change.endedAt ?? null,
    ],
  );
  if (affected === 1) return;
  throw new HubError(
    "stale-step",
    `Expected rollout ${id} to stand at step ${after}, another step came first; look at it and decide again.`,
  );
}

async function changeWave(session: SqlSession, fleet: string, id: string, change: WaveChange): Promise<void> {
  await session.query(
    `update rollout_waves set state = coalesce($4, state), opened_at = coalesce($5, opened_at),
       decided_at = coalesce($6, decided_at), verdict = coalesce($7::jsonb, verdict)
     where fleet = $1 and rollout = $2 and number = $3`,
    [
      fleet,
      id,
      change.number,
      change.state ?? null,
      change.openedAt ?? null,
      change.decidedAt ?? null,
      change.verdict == null ? null : JSON.stringify(change.verdict),
    ],
  );
}

/** A change names what it changes; only a reason may be taken away again. */
async function changeDevices(
  session: SqlSession,
  fleet: string,
  id: string,
  devices: readonly DeviceChange[],
): Promise<void> {
  if (devices.length === 0) return;
  const rows = devices.map(({ reason, offeredAt, firstPredictionAt, returnedAt, ...change }) => ({
    ...change,
    offered_at: offeredAt,
    first_prediction_at: firstPredictionAt,
    returned_at: returnedAt,
    has_reason: reason !== undefined,
    reason,
  }));
  await session.query(
    `update rollout_devices d set state = coalesce(c.state, d.state), number = coalesce(c.number, d.number),
       offered_at = coalesce(c.offered_at, d.offered_at), returned_at = coalesce(c.returned_at, d.returned_at),
       first_prediction_at = coalesce(c.first_prediction_at, d.first_prediction_at),
       reason = case when c.has_reason then c.reason else d.reason end
     from jsonb_to_recordset($3::jsonb) as c(device text, state text, number bigint, offered_at bigint,
       first_prediction_at bigint, returned_at bigint, has_reason boolean, reason text)
     where d.fleet = $1 and d.rollout = $2 and d.device = c.device`,
    [fleet, id, JSON.stringify(rows)],
  );
}

async function insertDesired(
  session: SqlSession,
  fleet: string,
  desired: readonly DesiredStateDecision[],
): Promise<void> {
  if (desired.length === 0) return;
  const rows = desired.map(({ signed, issuedAt, ...row }) => ({
    ...row,
    signed: byteaText(signed),
    issued_at: issuedAt,
  }));
  await session.query(
    `insert into desired_states (fleet, device, number, release, signed, issued_at)
     select $1, device, number, release, signed, issued_at from jsonb_to_recordset($2::jsonb)
       as s(device text, number bigint, release text, signed bytea, issued_at bigint)`,
    [fleet, JSON.stringify(rows)],
  );
}
