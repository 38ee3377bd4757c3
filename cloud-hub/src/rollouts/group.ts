import { HubError } from "../errors.ts";
import type { Hub } from "../hub-parts.ts";
import type { RolloutDevice } from "./rollout.ts";
import { listed, some } from "./sentence.ts";
import type { Candidate } from "./waves.ts";

/** The name of the group that every enrolled device is in. */
const everyDevice = "all";

/** Refuses the name that means every device as one of a group of one's own. @throws {HubError} `bad-request` */
export function refuseReserved(group: string | null | undefined): void {
  if (group !== everyDevice) return;
  throw new HubError(
    "bad-request",
    `Expected a group of your own, got "${everyDevice}", which means every enrolled device; choose another name.`,
  );
}

/** A device that a rollout may ask. previous: what it goes back to, the release that it ran well last, or was told to run */
export type Member = Candidate & { readonly previous: string | null };

/** A device of a rollout that nobody has asked yet. */
export function waitingDevice({ device, profile, previous }: Member): RolloutDevice {
  return {
    device,
    profile,
    state: "waiting",
    previous,
    number: null,
    offeredAt: null,
    firstPredictionAt: null,
    returnedAt: null,
    reason: null,
  };
}

type Row = {
  readonly device: string;
  readonly profile: string;
  readonly enrolled: boolean;
  readonly revoked: boolean;
  readonly lastSeen: number | null;
  readonly desired: string | null;
  readonly ended: string | null;
  readonly good: string | null;
};

const awayAfterMs = 5 * 60_000;

/**
 * The devices of a group that can be asked: enrolled and not revoked.
 * @throws {HubError} `not-found` when nobody is in such a group, `empty-group` when none of it can be asked
 */
export async function groupMembers(hub: Hub, group: string): Promise<readonly Member[]> {
  const rows = await hub.rows<Row>(
    `select d.device, d.profile, d.public_key is not null as enrolled, d.revoked_at is not null as revoked,
       d.last_seen as "lastSeen", s.release as desired,
       (select e.body ->> 'state' from device_events e where e.fleet = d.fleet and e.device = d.device
          and e.kind = 'release-event' and (e.body ->> 'number')::bigint = s.number
          and e.body ->> 'state' in ('good', 'refused', 'rolled-back')
          and not (e.body ->> 'state' = 'refused' and e.body ->> 'code' in ('incomplete', 'stale-desired-state'))
        order by e.received_at desc, e.seq desc limit 1) as ended,
       (select e.body ->> 'release' from device_events e where e.fleet = d.fleet and e.device = d.device
          and e.kind = 'release-event' and e.body ->> 'state' = 'good'
        order by e.received_at desc, e.seq desc limit 1) as good
     from devices d left join lateral (select release, number from desired_states n
       where n.fleet = d.fleet and n.device = d.device order by number desc limit 1) s on true
     where d.fleet = $1 and ($2 = '${everyDevice}' or d.group_name = $2) order by d.device`,
    [hub.fleet, group],
  );
  if (rows.length === 0) throw await noGroup(hub, group);
  const able = rows.filter(({ enrolled, revoked }) => enrolled && !revoked);
  if (able.length === 0) throw emptyGroup(group, rows);
  const now = hub.clock();
  return able.map(({ device, profile, lastSeen, desired, ended, good }) => {
    const previous = ended === "refused" || ended === "rolled-back" ? good : desired;
    // A device without a past tells nothing of a release, so it is asked as late as one that is away.
    const isAway = previous === null || lastSeen === null || now - lastSeen > awayAfterMs;
    return { device, profile, isAway, previous };
  });
}

async function noGroup(hub: Hub, group: string): Promise<HubError> {
  const groups = await hub.rows<{ name: string }>(
    "select distinct group_name as name from devices where fleet = $1 and group_name is not null order by 1 limit 20",
    [hub.fleet],
  );
  const there = groups.length === 0 ? "no device is in any" : `there are ${listed(groups.map(({ name }) => name))}`;
  return new HubError(
    "not-found",
    `Expected a group with devices, found none named ${group} (${there}); "fieldloop devices group DEVICE ${group}" puts one into it, and ${everyDevice} means every enrolled device.`,
  );
}

function emptyGroup(group: string, rows: readonly Row[]): HubError {
  const revoked = rows.filter((row) => row.revoked).map(({ device }) => device);
  const others = rows.length - revoked.length;
  const why = [
    ...(revoked.length === 0 ? [] : [`${listed(revoked)} ${revoked.length === 1 ? "is" : "are"} revoked`]),
    ...(others === 0 ? [] : [`${some(others, "device has", "devices have")} not enrolled`]),
  ].join(" and ");
  return new HubError(
    "empty-group",
    `Expected devices that can be asked in group ${group}, but ${why}; enrol one first.`,
  );
}
