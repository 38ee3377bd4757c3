import { HubError } from "../errors.ts";
import type { Hub } from "../hub-parts.ts";
import type { Rollout, RolloutDevice, RolloutStepNote, Wave } from "./rollout.ts";

type Reader = Pick<Hub, "rows" | "fleet">;
type RolloutRow = Omit<Rollout, "waves" | "previous" | "steps">;
type WaveRow = Omit<Wave, "devices"> & { readonly rollout: string };
type DeviceRow = RolloutDevice & { readonly rollout: string; readonly wave: number };

const mostListed = 50;
const mostSteps = 100;

/** The newest rollouts, the newest first. */
export async function listRollouts(hub: Reader): Promise<readonly Rollout[]> {
  return load(hub, `order by created_at desc, id desc limit ${mostListed}`, []);
}

/** Rollouts that go on, or have to give devices back. */
export async function unfinishedRollouts(hub: Reader): Promise<readonly Rollout[]> {
  const going = `and (state in ('running', 'paused') or exists (select from rollout_devices d
    where d.fleet = r.fleet and d.rollout = r.id and d.previous is not null and d.returned_at is null
    and (d.state in ('offered', 'refused') or (d.state = 'running' and r.state in ('stopped', 'aborted')))))
    order by created_at, id`;
  return load(hub, going, []);
}

/** One rollout. @throws {HubError} `not-found` */
export async function getRollout(hub: Reader, id: string): Promise<Rollout> {
  const [found] = await load(hub, "and id = $2", [id]);
  if (found !== undefined) return found;
  throw new HubError(
    "not-found",
    `Expected a rollout of fleet ${hub.fleet}, found none with id ${id}; "fieldloop rollout status" lists them.`,
  );
}

async function load(hub: Reader, where: string, parameters: readonly string[]): Promise<readonly Rollout[]> {
  const rollouts = await hub.rows<RolloutRow>(
    `select id, release, group_name as "group", state, cause, author as by, created_at as "createdAt",
       resumed_at as "resumedAt", ended_at as "endedAt", reason, soak_ms as "soakMs", longest_soak_ms as "longestSoakMs",
       gate, step from rollouts r where fleet = $1 ${where}`,
    [hub.fleet, ...parameters],
  );
  if (rollouts.length === 0) return [];
  const ids = rollouts.map(({ id }) => id);
  const waves = await hub.rows<WaveRow>(
    `select rollout, number, share, state, opened_at as "openedAt", decided_at as "decidedAt", verdict
     from rollout_waves where fleet = $1 and rollout = any($2::text[]) order by number`,
    [hub.fleet, ids],
  );
  const devices = await hub.rows<DeviceRow>(
    `select rollout, wave, device, profile, state, previous, number, offered_at as "offeredAt",
       first_prediction_at as "firstPredictionAt", returned_at as "returnedAt", reason
     from rollout_devices where fleet = $1 and rollout = any($2::text[]) order by position`,
    [hub.fleet, ids],
  );
  const steps = await hub.rows<RolloutStepNote & { readonly rollout: string }>(
    `select rollout, step, at, kind, sentence, author as by from rollout_steps s
     where fleet = $1 and rollout = any($2::text[])
       and step > (select step from rollouts r where r.fleet = s.fleet and r.id = s.rollout) - ${mostSteps} order by step`,
    [hub.fleet, ids],
  );
  return rollouts.map((rollout) => assemble(rollout, waves, devices, steps));
}

function assemble(
  rollout: RolloutRow,
  waves: readonly WaveRow[],
  devices: readonly DeviceRow[],
  steps: readonly (RolloutStepNote & { readonly rollout: string })[],
): Rollout {
  const own = devices.filter((device) => device.rollout === rollout.id);
  return {
    ...rollout,
    previous: Object.fromEntries(own.map(({ device, previous }) => [device, previous])),
    waves: waves
      .filter((wave) => wave.rollout === rollout.id)
      .map(({ rollout: _, ...wave }) => ({
        ...wave,
        devices: own
          .filter((device) => device.wave === wave.number)
          .map(({ rollout: __, wave: ___, ...device }) => device),
      })),
    steps: steps.filter((step) => step.rollout === rollout.id).map(({ rollout: _, ...step }) => step),
  };
}
