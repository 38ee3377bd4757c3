import type { Hub } from "../hub-parts.ts";
import type { HealthSigns } from "./device-health.ts";

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

/** Reads the recent signs of all devices, or of one, in a query per table; devices without any are quiet. */
export async function recentSigns(
  hub: Pick<Hub, "fleet" | "rows" | "clock">,
  device?: string,
): Promise<(device: string) => RecentSigns> {
  const parameters = [hub.fleet, device ?? null, hub.clock() - framesForMs, hub.clock() - troubleForMs] as const;
  const [frames, reasons, restarts, gaps] = await Promise.all([
    hub.rows<Named<{ answered: number; errors: number; dropped: number }>>(
      `select device, sum(frames)::bigint as answered, sum(errors)::bigint as errors, sum(dropped)::bigint as dropped
       from sketches where fleet = $1 and ($2::text is null or device = $2) and window_end > $3
         and (apart is null or apart = 'unassigned') group by device limit ${mostDevices}`,
      parameters.slice(0, 3),
    ),
    hub.rows<Named<{ reason: string; count: number }>>(
      `select k.device, r.key as reason, sum(r.value::bigint)::bigint as count
       from sketches k, jsonb_each_text(k.drop_reasons || k.error_reasons) r
       where k.fleet = $1 and ($2::text is null or k.device = $2) and k.window_end > $3 and k.errors + k.dropped > 0
       group by k.device, r.key order by count desc limit ${mostDevices}`,
      parameters.slice(0, 3),
    ),
    hub.rows<Named<{ kind: "process" | "engine"; count: number }>>(
      `select device, kind, sum(count)::bigint as count from device_restarts
       where fleet = $1 and ($2::text is null or device = $2) and at > $3 group by device, kind limit ${mostDevices}`,
      [parameters[0], parameters[1], parameters[3]],
    ),
    hub.rows<Named<{ count: number }>>(
      `select device, sum(count)::bigint as count from gaps
       where fleet = $1 and ($2::text is null or device = $2) and received_at > $3 and reason = any($4) group by device
       limit ${mostDevices}`,
      [parameters[0], parameters[1], parameters[3], fullReasons],
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
  for (const { device: name, reason, count } of reasons)
    add(name, (known) => ({ reasons: [...known.reasons, { reason, count: Number(count) }] }));
  for (const { device: name, kind, count } of restarts)
    add(name, (known) => ({ restarts: { ...known.restarts, [kind]: Number(count) } }));
  for (const { device: name, count } of gaps) add(name, () => ({ givenUp: Number(count) }));
  return (name) => signs.get(name) ?? quiet;
}
