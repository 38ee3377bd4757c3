import type { ReleaseEventBody } from "@fieldloop/devices";
import { countBucketMs } from "../ingest/device-counts.ts";
import type { DeviceReader } from "./device.ts";
import type { TimelineEntry } from "./device-timeline.ts";

type Span = { readonly device: string; readonly from: number; readonly to: number };
type Reader = (hub: DeviceReader, span: Span, limit: number) => Promise<readonly TimelineEntry[]>;

/** What happened in a span, newest first, from every table that tells of it. */
export async function timelineEntries(hub: DeviceReader, span: Span, limit: number): Promise<readonly TimelineEntry[]> {
  const readers: readonly Reader[] = [releases, starts, engineRestarts, gaps, notes];
  const found = await Promise.all(readers.map((read) => read(hub, span, limit)));
  return found
    .flat()
    .toSorted((a, b) => b.at - a.at)
    .slice(0, limit);
}

const releases: Reader = async (hub, { device, from, to }, limit) => {
  const rows = await hub.rows<{ at: number; body: ReleaseEventBody }>(
    `select coalesce(hub_at, received_at) as at, body from device_events
     where fleet = $1 and device = $2 and kind = 'release-event' and received_at >= $3
       and coalesce(hub_at, received_at) between $3 and $4
     order by received_at desc, seq desc limit ${limit}`,
    [hub.fleet, device, from, to],
  );
  return rows.map(({ at, body }) => {
    const { release, state } = body;
    return { at: Number(at), kind: "release", sentence: releaseSentence(body), release, state, count: null };
  });
};

function releaseSentence({ state, release, number, code, reason }: ReleaseEventBody): string {
  const name = `release ${brief(release)}`;
  const why = `${code === undefined ? "" : ` (${code})`}${reason === undefined ? "." : `: ${reason}`}`;
  switch (state) {
    case "offered":
      return `Was offered ${name} (desired state ${number}).`;
    case "staged":
      return `Has ${name} ready and begins to answer with it.`;
    case "good":
      return `Took over ${name} for good.`;
    case "refused":
      return `Refused ${name}${why}`;
    case "rolled-back":
      return `Went back from ${name}${why}`;
  }
}

const starts: Reader = async (hub, { device, from, to }, limit) => {
  const rows = await hub.rows<{ at: number; release: string | null; runtimeVersion: string }>(
    `select received_at as at, release, runtime_version as "runtimeVersion" from device_starts
     where fleet = $1 and device = $2 and received_at between $3 and $4 order by received_at desc limit ${limit}`,
    [hub.fleet, device, from, to],
  );
  return rows.map(({ at, release, runtimeVersion }) => {
    const running = release === null ? "without a release" : `with release ${brief(release)}`;
    const sentence = `Its process started, ${running}, runtime ${runtimeVersion}.`;
    return { at: Number(at), kind: "start", sentence, release, state: null, count: 1 };
  });
};

const engineRestarts: Reader = async (hub, { device, from, to }, limit) => {
  const rows = await hub.rows<{ at: number; release: string | null; count: number }>(
    `select received_at as at, release, count from engine_restarts
     where fleet = $1 and device = $2 and received_at between $3 and $4 order by received_at desc limit ${limit}`,
    [hub.fleet, device, from, to],
  );
  return rows.map(({ at, release, count }) => {
    const times = Number(count) === 1 ? "once" : `${count} times`;
    const sentence = `Its engine ended by itself ${times} under release ${brief(release)} and was started anew.`;
    return { at: Number(at), kind: "engine", sentence, release, state: null, count: Number(count) };
  });
};

const gaps: Reader = async (hub, { device, from, to }, limit) => {
  const rows = await hub.rows<{ at: number; lane: string; reason: string; count: number }>(
    `select max(coalesce(hub_at, received_at)) as at, gap_lane as lane, reason, sum(count)::bigint as count from gaps
     where fleet = $1 and device = $2 and received_at >= $3 and coalesce(hub_at, received_at) between $3 and $4
     group by gap_lane, reason, coalesce(hub_at, received_at) / ${countBucketMs} order by at desc limit ${limit}`,
    [hub.fleet, device, from, to],
  );
  return rows.map(({ at, lane, reason, count }) => {
    const sentence = `${count} records of lane ${lane} will not come (${reason}).`;
    return { at: Number(at), kind: "gap", sentence, release: null, state: reason, count: Number(count) };
  });
};

const notes: Reader = async (hub, { device, from, to }, limit) => {
  const rows = await hub.rows<{ at: number; kind: "clock" | "window" | "release" | "twin"; sentence: string }>(
    `select at, kind, sentence from device_notes where fleet = $1 and device = $2 and at between $3 and $4
     order by at desc limit ${limit}`,
    [hub.fleet, device, from, to],
  );
  return rows.map(({ at, kind, sentence }) => {
    const shown = kind === "release" ? ("claim" as const) : kind;
    return { at: Number(at), kind: shown, sentence, release: null, state: null, count: null };
  });
};

const brief = (digest: string | null): string => digest?.replace("sha256:", "").slice(0, 12) ?? "none";
