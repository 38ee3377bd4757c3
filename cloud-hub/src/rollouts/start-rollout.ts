import { randomUUID } from "node:crypto";
import { HubError } from "../errors.ts";
import { inDesiredTurn } from "../fleet/desired-turn.ts";
import type { Hub } from "../hub-parts.ts";
import { getRelease, type Release } from "../registry/release.ts";
import { heldDevices, heldElsewhere } from "./apply-rollout.ts";
import { requireProven } from "./going-out.ts";
import { groupMembers, type Member, waitingDevice } from "./group.ts";
import { nextStep } from "./next-step.ts";
import type { NewRollout, Rollout } from "./rollout.ts";
import { completeGate } from "./rollout-gate.ts";
import { listed, some } from "./sentence.ts";
import type { Step } from "./step.ts";
import { signStep } from "./take-step.ts";
import { planWaves } from "./waves.ts";

const defaultSoakMs = 5 * 60_000;
const leastLongestMs = 6 * 3_600_000;

/**
 * Starts a rollout: who is asked in which wave is fixed now, the first wave opens at once.
 * @throws {HubError} `not-found`, `empty-group`, `no-variant`, `not-accepted`, `rollout-conflict`, `bad-waves`,
 *   `nothing-to-do` when every device runs the release already, `bad-request`
 */
export async function startRollout(hub: Hub, request: NewRollout, by: string): Promise<Rollout> {
  const started = await decideStart(hub, request, by);
  await Promise.all((started.waves[0]?.devices ?? []).map(({ device }) => hub.publishDesired(device)));
  hub.rollouts.wake();
  return started;
}

/** Everything that the first wave waits for is in one decision: each further one would cost a sync and a turn of the tables. */
async function decideStart(hub: Hub, request: NewRollout, by: string): Promise<Rollout> {
  const release = await getRelease(hub, request.release);
  const id = `o_${randomUUID().replaceAll("-", "").slice(0, 20)}`;
  // In the turn of desired states, so that what devices go back to is what they were told last.
  return inDesiredTurn(hub, async () => {
    const members = await groupMembers(hub, request.group);
    const asked = members.filter(({ previous }) => previous !== request.release);
    if (asked.length === 0) throw nothingToDo(request, members);
    requireVariants(release, asked);
    await refuseHeld(hub, asked);
    await requireProven(
      hub,
      release,
      asked.map(({ previous }) => previous),
    );
    const begun = planned(hub, { id, request, by, asked, members: members.length });
    const at = begun.createdAt;
    const { decision: first, after } = await signStep(hub, begun, openingStep(begun), at);
    const { previous: _, steps: __, ...rest } = begun;
    await hub.decide("rollout", `rollout ${id}`, { ...rest, first });
    return after;
  });
}

function openingStep(rollout: Rollout): Step {
  const step = nextStep(rollout, { now: rollout.createdAt, progress: new Map(), verdict: null });
  // planWaves gives no wave that is empty.
  if (step === undefined) throw new RangeError(`Expected rollout ${rollout.id} to open its first wave, got no step.`);
  return { ...step, sentence: `${rollout.reason} ${step.sentence}` };
}

type Planned = {
  readonly id: string;
  readonly request: NewRollout;
  readonly by: string;
  readonly asked: readonly Member[];
  readonly members: number;
};

function planned(hub: Hub, { id, request, by, asked, members }: Planned): Rollout {
  const { release, group, soakMs = soakOf(request), longestSoakMs = Math.max(leastLongestMs, 12 * soakMs) } = request;
  if (longestSoakMs <= soakMs) throw badSoak(soakMs, longestSoakMs);
  const gate = completeGate(request.gate ?? {}, soakMs);
  const byName = new Map(asked.map((member) => [member.device, member]));
  const waves = planWaves(asked, request.waves, id).map(({ share, devices }, index) => ({
    number: index + 1,
    share,
    state: "waiting" as const,
    openedAt: null,
    decidedAt: null,
    verdict: null,
    devices: devices.map((name) => waitingDevice(byName.get(name)!)),
  }));
  const createdAt = hub.clock();
  const already = members - asked.length;
  const reason = [
    `Started by ${by}: ${some(asked.length, "device", "devices")} in ${some(waves.length, "wave", "waves")} of ${waves.map(({ devices }) => devices.length).join(", ")}.`,
    ...(already === 0 ? [] : [`${some(already, "device runs", "devices run")} the release already.`]),
  ].join(" ");
  return {
    id,
    release,
    group,
    state: "running",
    cause: null,
    by,
    createdAt,
    resumedAt: createdAt,
    endedAt: null,
    reason,
    soakMs,
    longestSoakMs,
    gate,
    step: 0,
    previous: Object.fromEntries(asked.map(({ device, previous }) => [device, previous])),
    waves,
    steps: [],
  };
}

function soakOf({ gate }: NewRollout): number {
  const asked = gate?.health?.soakMs;
  return typeof asked === "number" ? asked : defaultSoakMs;
}

function requireVariants({ manifest, digest }: Release, members: readonly Member[]): void {
  const without = members.filter(({ profile }) => manifest.profiles[profile] === undefined);
  if (without.length === 0) return;
  const parts = [...Map.groupBy(without, ({ profile }) => profile)].map(
    ([profile, devices]) => `${profile} of ${listed(devices.map(({ device }) => device))}`,
  );
  throw new HubError(
    "no-variant",
    `Expected release ${digest.slice(7, 19)} to have a variant for every profile of the group, it has none for ${listed(parts)}; compile and release for that profile, or choose a group without it.`,
  );
}

async function refuseHeld(hub: Hub, members: readonly Member[]): Promise<void> {
  const held = await hub.rows<{ device: string; rollout: string }>(heldDevices, [
    hub.fleet,
    members.map(({ device }) => device),
  ]);
  if (held.length > 0) throw heldElsewhere(held);
}

function nothingToDo({ release, group }: NewRollout, members: readonly Member[]): HubError {
  return new HubError(
    "nothing-to-do",
    `Expected devices of group ${group} that do not run release ${release.slice(7, 19)} yet, but ${listed(members.map(({ device }) => device))} ${members.length === 1 ? "does" : "do"} already.`,
  );
}

function badSoak(soakMs: number, longestSoakMs: number): HubError {
  return new HubError(
    "bad-request",
    `Expected a longest soak above the soak of ${soakMs} ms, got ${longestSoakMs} ms; a wave needs time to be judged.`,
  );
}
