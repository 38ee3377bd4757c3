import type { Hub } from "../hub-parts.ts";
import { type HealthSigns, isUnanswering } from "./device-health.ts";

/** What the tables say of a device lately. */
export type RecentSigns = Pick<HealthSigns, "restarts" | "frames" | "reasons" | "givenUp">;

type Named<Row> = Row & { readonly device: string };

const framesForMs = 5 * 60_000;
const troubleForMs = 10 * 60_000;
const mostDevices = 10_000;
/** Why a journal gives records up: there is no room. */
const fullReasons = ["quota", "free-space", "disk-full", "audit-halved"];

const quiet: RecentSigns = {
  restarts: { process: 0, engine: 0 },
  frames: { answered: 0, errors: 0, dropped: 0 },
  reasons: [],
  givenUp: 0,
};

type Reader = Pick<Hub, "fleet" | "rows" | "clock">;
type Signs = (device: string) => RecentSigns;

const fleetForMs = 5_000;
const fleets = new WeakMap<Reader, { readonly at: number; readonly signs: Promise<Signs> }>();

/** The recent signs of the whole fleet, read anew every five seconds at most: many pages ask at once. */
export function fleetSigns(hub: Reader): Promise<Signs> {
  const known = fleets.get(hub);
  const at = hub.clock();
  if (known !== undefined && at >= known.at && at - known.at < fleetForMs) return known.signs;
  const signs = recentSigns(hub);
  fleets.set(hub, { at, signs });
  signs.catch(() => fleets.delete(hub));
  return signs;
}

/** Reads the recent signs of all devices, or of one, in a query per table; devices without any are quiet. */
export async function recentSigns(hub: Reader, device?: string): Promise<Signs> {
  const whose = [hub.fleet, device ?? null] as const;
  const since = { frames: hub.clock() - framesForMs, trouble: hub.clock() - troubleForMs };
  const [frames, restarts, gaps] = await Promise.all([
    hub.rows<Named<{ answered: number; errors: number; dropped: number }>>(
      `select device, sum(frames)::bigint as answered, sum(errors)::bigint as errors, sum(dropped)::bigint as dropped
       from sketches where fleet = $1 and ($2::text is null or device = $2) and window_end > $3
         and (apart is null or apart = 'unassigned') group by device limit ${mostDevices}`,
      [...whose, since.frames],
    ),
    hub.rows<Named<{ kind: "process" | "engine"; count: number }>>(
      `select device, kind, sum(count)::bigint as count from device_restarts
       where fleet = $1 and ($2::text is null or device = $2) and at > $3 group by device, kind limit ${mostDevices}`,
      [...whose, since.trouble],
    ),
    hub.rows<Named<{ count: number }>>(
      `select device, sum(count)::bigint as count from gaps
       where fleet = $1 and ($2::text is null or device = $2) and received_at > $3 and reason = any($4) group by device
       limit ${mostDevices}`,
      [...whose, since.trouble, fullReasons],
    ),
  ]);
  const signs = new Map<string, RecentSigns>();
  const add = (name: string, part: (known: RecentSigns) => Partial<RecentSigns>) => {
    const known = signs.get(name) ?? quiet;
    signs.set(name, { ...known, ...part(known) });
  };
  for (const row of frames) {
    const counts = { answered: Number(row.answered), errors: Number(row.errors), dropped: Number(row.dropped) };
    add(row.device, () => ({ frames: counts }));
  }
  for (const { device: name, reason, count } of await reasonsOf(hub, unanswering(signs), since.frames))
    add(name, (known) => ({ reasons: [...known.reasons, { reason, count: Number(count) }] }));
  for (const { device: name, kind, count } of restarts)
    add(name, (known) => ({ restarts: { ...known.restarts, [kind]: Number(count) } }));
  for (const { device: name, count } of gaps) add(name, () => ({ givenUp: Number(count) }));
  return (name) => signs.get(name) ?? quiet;
}

/** Reasons are told of devices that leave many frames without an answer only. */
function unanswering(signs: ReadonlyMap<string, RecentSigns>): readonly string[] {
  return [...signs].filter(([, { frames }]) => isUnanswering(frames)).map(([device]) => device);
}

async function reasonsOf(hub: Reader, devices: readonly string[], since: number) {
  if (devices.length === 0) return [];
  return hub.rows<Named<{ reason: string; count: number }>>(
    `select k.device, r.key as reason, sum(r.value::bigint)::bigint as count
     from sketches k, jsonb_each_text(k.drop_reasons || k.error_reasons) r
     where k.fleet = $1 and k.device = any($2) and k.window_end > $3
       and (k.apart is null or k.apart = 'unassigned')
     group by k.device, r.key order by count desc limit ${mostDevices}`,
    [hub.fleet, devices, since],
  );
}
