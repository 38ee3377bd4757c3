import type { ReleaseEventBody } from "@fieldloop/devices";
import type { Hub } from "../../hub-parts.ts";

type Reader = Pick<Hub, "rows" | "fleet">;

/** A sketch as the tables sum it up. end: of its window, hub time · apart: why it counts for nothing */
export type SketchRow = {
  readonly device: string;
  readonly key: string;
  readonly receivedAt: number;
  readonly windowStart: number;
  readonly end: number;
  readonly release: string;
  readonly frames: number;
  readonly errors: number;
  readonly dropped: number;
  readonly confidenceSum: number | null;
  readonly confidenceSquares: number | null;
  readonly classCounts: readonly number[] | null;
  readonly logLatencySum: number | null;
  readonly apart: string | null;
};

/** What a device told of a release that it was asked to take. at: by the device's own clock */
export type EventRow = {
  readonly device: string;
  readonly key: string;
  readonly receivedAt: number;
  readonly body: ReleaseEventBody;
};

/** What came of a prediction, hub time. release: that made it, null where it is not stored */
export type OutcomeRow = {
  readonly device: string;
  readonly key: string;
  readonly receivedAt: number;
  readonly at: number;
  readonly outcome: string;
  readonly release: string | null;
};

/** From when on rows of a device are wanted, by when the hub received them. */
export type After = { readonly device: string; readonly after: number };

/** Rows that one read returns at most; who gets that many reads on from the newest. */
export const mostRows = 5000;

const since = "jsonb_to_recordset($2::jsonb) as w(device text, after bigint)";
const keyOf = (table: string): string => `${table}.epoch || '/' || ${table}.lane || '/' || ${table}.seq as key`;

const sketchColumns = `s.device, ${keyOf("s")}, s.received_at as "receivedAt", s.window_start as "windowStart",
  coalesce(s.window_end, least(s.window_start + s.window_ms, s.received_at)) as "end", s.release, s.frames, s.errors, s.dropped,
  s.confidence_sum as "confidenceSum", s.confidence_squares as "confidenceSquares", s.class_counts as "classCounts",
  s.log_latency_sum as "logLatencySum", s.apart`;

/** Sketches that came since, the oldest first. */
export function sketchesSince(hub: Reader, wanted: readonly After[]): Promise<readonly SketchRow[]> {
  return hub.rows<SketchRow>(
    `select ${sketchColumns} from ${since} join sketches s on s.fleet = $1 and s.device = w.device and s.received_at >= w.after
     order by s.received_at, s.device, s.seq limit ${mostRows}`,
    [hub.fleet, JSON.stringify(wanted)],
  );
}

/** The newest sketches of each device that came before a moment, the oldest first. */
export function sketchesBefore(
  hub: Reader,
  devices: readonly string[],
  before: number,
  perDevice: number,
): Promise<readonly SketchRow[]> {
  return hub.rows<SketchRow>(
    `select b.* from unnest($2::text[]) as w(device) cross join lateral (
       select ${sketchColumns} from sketches s where s.fleet = $1 and s.device = w.device and s.received_at < $3
       order by s.received_at desc, s.seq desc limit $4) b order by b."receivedAt"`,
    [hub.fleet, devices, before, perDevice],
  );
}

/** Release events that came since, the oldest first. */
export function eventsSince(hub: Reader, wanted: readonly After[]): Promise<readonly EventRow[]> {
  return hub.rows<EventRow>(
    `select e.device, ${keyOf("e")}, e.received_at as "receivedAt", e.body from ${since}
     join device_events e on e.fleet = $1 and e.device = w.device and e.received_at >= w.after and e.kind = 'release-event'
     order by e.received_at, e.device, e.seq limit ${mostRows}`,
    [hub.fleet, JSON.stringify(wanted)],
  );
}

/** Outcomes that came since, the oldest first. */
export function outcomesSince(hub: Reader, wanted: readonly After[]): Promise<readonly OutcomeRow[]> {
  return hub.rows<OutcomeRow>(
    `select o.device, ${keyOf("o")}, o.received_at as "receivedAt", coalesce(o.hub_at, least(o.at, o.received_at)) as at, o.outcome,
       p.release from ${since}
     join outcomes o on o.fleet = $1 and o.device = w.device and o.received_at >= w.after
     left join predictions p on p.fleet = o.fleet and p.device = o.device and p.epoch = o.prediction_epoch
       and p.frame = o.prediction_frame
     order by o.received_at, o.device, o.seq limit ${mostRows}`,
    [hub.fleet, JSON.stringify(wanted)],
  );
}

/** Restarts of devices' processes and engines since, hub time. */
export function restartsSince(
  hub: Reader,
  devices: readonly string[],
  after: number,
): Promise<readonly { readonly device: string; readonly at: number; readonly kind: string; readonly count: number }[]> {
  return hub.rows(
    `select device, at, kind, count from device_restarts
     where fleet = $1 and device = any($2::text[]) and at >= $3 order by at limit ${mostRows}`,
    [hub.fleet, devices, after],
  );
}

/** When devices first answered by a release since they were asked, hub time; those that did not are left out. */
export function firstPredictions(
  hub: Reader,
  asked: readonly { readonly device: string; readonly offeredAt: number }[],
  release: string,
): Promise<readonly { readonly device: string; readonly at: number }[]> {
  // Slack for a clock that the hub knows to two seconds only.
  return hub.rows(
    `select w.device, greatest(f.at + d.clock_offset_ms, w.offered) as at
     from jsonb_to_recordset($2::jsonb) as w(device text, offered bigint)
     join devices d on d.fleet = $1 and d.device = w.device
     cross join lateral (select p.at from predictions p where p.fleet = $1 and p.device = w.device and p.release = $3
       and p.at >= w.offered - d.clock_offset_ms - 2000 order by p.at limit 1) f`,
    [hub.fleet, JSON.stringify(asked.map(({ device, offeredAt }) => ({ device, offered: offeredAt }))), release],
  );
}

/** What the hub holds against devices, beside their windows. */
export type Standing = {
  readonly device: string;
  readonly revoked: boolean;
  readonly reported: string | null;
  readonly unassigned: string | null;
  readonly lastSeen: number | null;
};

export function standings(hub: Reader, devices: readonly string[]): Promise<readonly Standing[]> {
  return hub.rows<Standing>(
    `select device, revoked_at is not null as revoked, inventory ->> 'release' as reported,
       unassigned_release as unassigned, last_seen as "lastSeen" from devices where fleet = $1 and device = any($2::text[])`,
    [hub.fleet, devices],
  );
}
