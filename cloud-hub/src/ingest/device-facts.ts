import type { Inventory, SketchBody } from "@fieldloop/devices";
import { type ClockState, clockSentence, readClock, unknownClock } from "../fleet/clock-offset.ts";
import type { Arrival } from "../inbox/arrival.ts";
import type { SqlSession } from "../storage/db.ts";
import { type DeviceNote, noteText } from "./device-notes.ts";
import type { ParsedArrival } from "./parsed-arrival.ts";
import type { RecordOrigin } from "./record-rows.ts";

/** Why a sketch counts for nothing: its window lies ahead, before its device was added, or its release was never given. */
export type Apart = "future" | "early" | "unassigned";

/** When a sketch's window ended by the hub, and whether it counts; columns of its row. */
export type WindowFacts = {
  readonly window_end: number;
  readonly clock_offset_ms: number;
  readonly apart: Apart | null;
};

type Origin = Pick<Arrival, "fleet" | "device" | "receivedAt">;
type Start = { readonly epoch: string; readonly startedAt: number; heardAt: number; engineRestarts: number };
type DeviceRow = {
  readonly fleet: string;
  readonly device: string;
  readonly created_at: number;
  readonly clock_offset_ms: number;
  readonly clock_samples: Partial<Pick<ClockState, "source" | "samples">>;
  readonly unassigned_release: string | null;
  readonly last_window: { readonly end: number; readonly received_at: number } | null;
};
type Facts = {
  readonly createdAt: number;
  readonly assigned: Map<string, number>;
  readonly starts: Start[];
  clock: ClockState;
  unassigned: string | null;
  unassignedAt: number | null;
  twinAt: number | null;
  lastSeen: number;
  lastWindow: { readonly end: number; readonly receivedAt: number } | undefined;
  inventory: Inventory | undefined;
};

const futureToleranceMs = 60_000;
const earlyToleranceMs = 24 * 60 * 60 * 1000;
/** Windows that come this much sooner or later after each other than they ended do not come as they are made. */
const paceToleranceMs = 2_000;
const startsKept = 16;

/** What one batch finds out about devices beside what they sent: clocks, starts, and whether they say what can be true. */
export class DeviceFacts {
  readonly #session: SqlSession;
  readonly #facts = new Map<string, Facts>();
  readonly #notes: DeviceNote[] = [];
  readonly #starts: object[] = [];
  readonly #engineRestarts: object[] = [];

  private constructor(session: SqlSession) {
    this.#session = session;
  }

  /** Reads what is known of the devices of a batch; a device that was never added has no facts. */
  static async load(session: SqlSession, arrivals: readonly ParsedArrival[]): Promise<DeviceFacts> {
    const facts = new DeviceFacts(session);
    await facts.#load(arrivals);
    return facts;
  }

  /** Takes in what a device says of itself. */
  takeHello(origin: Origin, inventory: Inventory): void {
    const facts = this.#of(origin);
    if (facts === undefined) return;
    facts.inventory = inventory;
    if (inventory.sentAt !== undefined) this.#readClock(facts, origin, "hello", inventory.sentAt);
    this.#takeStart(facts, origin, inventory);
    const { release } = inventory;
    if (release === null || isAssigned(facts, release, origin.receivedAt)) this.#endUnassigned(facts);
    else this.#beginUnassigned(facts, origin, release);
  }

  /** Judges a sketch's window, and reads the clock by it where nothing better tells the time. */
  takeSketch(origin: RecordOrigin, { windowStart, windowMs, release }: SketchBody): WindowFacts {
    const facts = this.#of(origin);
    const end = windowStart + windowMs;
    if (facts === undefined) {
      return { window_end: Math.min(end, origin.receivedAt), clock_offset_ms: 0, apart: null };
    }
    this.#readClockByWindow(facts, origin, end);
    const { offsetMs } = facts.clock;
    const apart = this.#apart(facts, origin, { start: windowStart + offsetMs, end: end + offsetMs }, release);
    return { window_end: Math.min(end + offsetMs, origin.receivedAt), clock_offset_ms: offsetMs, apart };
  }

  /** A moment of the device by the hub's clock; never after the hub heard of it. */
  hubTime(origin: RecordOrigin, at: number): number {
    const offsetMs = this.#of(origin)?.clock.offsetMs ?? 0;
    return Math.min(at + offsetMs, origin.receivedAt);
  }

  /** Notes that a device was heard. */
  see(origin: Origin): void {
    const facts = this.#of(origin);
    if (facts !== undefined) facts.lastSeen = Math.max(facts.lastSeen, origin.receivedAt);
  }

  /** Writes what was found out, a statement per table. */
  async write(): Promise<void> {
    await this.#writeDevices();
    await this.#writeStarts();
    await this.#writeEngineRestarts();
    await this.#writeNotes();
  }

  #of({ fleet, device }: Pick<Origin, "fleet" | "device">): Facts | undefined {
    return this.#facts.get(`${fleet}/${device}`);
  }

  #readClock(facts: Facts, origin: Origin, source: "hello" | "sketch", deviceTime: number): void {
    const before = facts.clock;
    facts.clock = readClock(before, source, { at: origin.receivedAt, offsetMs: origin.receivedAt - deviceTime });
    if (facts.clock.offsetMs === before.offsetMs) return;
    const [was, is] = [clockSentence(before.offsetMs), clockSentence(facts.clock.offsetMs)];
    if (is !== undefined) this.#note(origin, "clock", is);
    else if (was !== undefined) this.#note(origin, "clock", noteText.clockAgrees);
  }

  /** Windows that come as they are made tell the time; a journal that drains would tell of the past. */
  #readClockByWindow(facts: Facts, origin: RecordOrigin, end: number): void {
    const last = facts.lastWindow;
    facts.lastWindow = { end, receivedAt: origin.receivedAt };
    if (last === undefined || end <= last.end) return;
    const cameAfterMs = origin.receivedAt - last.receivedAt;
    if (Math.abs(cameAfterMs - (end - last.end)) <= paceToleranceMs) this.#readClock(facts, origin, "sketch", end);
  }

  #apart(facts: Facts, origin: Origin, window: { start: number; end: number }, release: string): Apart | null {
    if (window.start > origin.receivedAt + futureToleranceMs) {
      this.#note(origin, "window", noteText.future);
      return "future";
    }
    if (window.end < facts.createdAt - earlyToleranceMs) {
      this.#note(origin, "window", noteText.early);
      return "early";
    }
    if (isAssigned(facts, release, origin.receivedAt)) return null;
    this.#beginUnassigned(facts, origin, release);
    return "unassigned";
  }

  #beginUnassigned(facts: Facts, origin: Origin, release: string): void {
    if (facts.unassigned !== release) this.#note(origin, "release", noteText.unassigned(release));
    facts.unassigned = release;
    facts.unassignedAt = origin.receivedAt;
  }

  #endUnassigned(facts: Facts): void {
    facts.unassigned = null;
    facts.unassignedAt = null;
  }

  #takeStart(facts: Facts, origin: Origin, inventory: Inventory): void {
    const { epoch, startedAt, release, runtimeVersion, engineRestarts = 0 } = inventory;
    const { fleet, device, receivedAt } = origin;
    let start = facts.starts.find((each) => each.epoch === epoch && each.startedAt === startedAt);
    const heardSince = facts.starts.some(
      (each) => each !== start && start !== undefined && each.heardAt > start.heardAt,
    );
    if (heardSince) {
      facts.twinAt = receivedAt;
      this.#note(origin, "twin", noteText.twin);
    }
    if (start === undefined) {
      start = { epoch, startedAt, heardAt: receivedAt, engineRestarts: 0 };
      facts.starts.push(start);
    }
    const key = { fleet, device, epoch, started_at: startedAt };
    if (engineRestarts > start.engineRestarts) {
      const count = engineRestarts - start.engineRestarts;
      this.#engineRestarts.push({ ...key, total: engineRestarts, count, release, received_at: receivedAt });
    }
    start.heardAt = receivedAt;
    start.engineRestarts = Math.max(start.engineRestarts, engineRestarts);
    this.#starts.push({
      ...key,
      release,
      runtime_version: runtimeVersion,
      received_at: receivedAt,
      engine_restarts: start.engineRestarts,
    });
  }

  #note({ fleet, device, receivedAt }: Origin, kind: DeviceNote["kind"], sentence: string): void {
    this.#notes.push({ fleet, device, at: receivedAt, kind, sentence });
  }

  async #load(arrivals: readonly ParsedArrival[]): Promise<void> {
    const names = JSON.stringify([
      ...new Map(
        arrivals.map(({ arrival: { fleet, device } }) => [`${fleet}/${device}`, { fleet, device }] as const),
      ).values(),
    ]);
    const wanted = "jsonb_to_recordset($1::jsonb) as w(fleet text, device text)";
    const devices = await this.#session.query<DeviceRow>(
      `select d.fleet, d.device, d.created_at, d.clock_offset_ms, d.clock_samples, d.unassigned_release,
         (select jsonb_build_object('end', k.window_start + k.window_ms, 'received_at', k.received_at) from sketches k
          where k.fleet = d.fleet and k.device = d.device order by k.received_at desc, k.seq desc limit 1) as last_window
       from ${wanted} join devices d using (fleet, device)`,
      [names],
    );
    for (const row of devices.rows) this.#facts.set(`${row.fleet}/${row.device}`, factsOf(row));
    if (this.#facts.size === 0) return;
    await this.#loadAssigned(names, wanted);
    if (arrivals.some(({ kind }) => kind === "hello")) await this.#loadStarts(names, wanted);
  }

  async #loadAssigned(names: string, wanted: string): Promise<void> {
    const { rows } = await this.#session.query<{ fleet: string; device: string; release: string; since: number }>(
      `select s.fleet, s.device, s.release, min(s.issued_at) as since from ${wanted}
       join desired_states s using (fleet, device) group by s.fleet, s.device, s.release`,
      [names],
    );
    for (const row of rows) this.#of(row)?.assigned.set(row.release, Number(row.since));
  }

  async #loadStarts(names: string, wanted: string): Promise<void> {
    const { rows } = await this.#session.query<{ fleet: string; device: string } & Start>(
      `select s.fleet, s.device, s.epoch, s.started_at as "startedAt", s.heard_at as "heardAt",
         s.engine_restarts as "engineRestarts"
       from ${wanted} cross join lateral (
         select * from device_starts b where b.fleet = w.fleet and b.device = w.device
         order by b.heard_at desc limit ${startsKept}
       ) s`,
      [names],
    );
    for (const { fleet, device, epoch, startedAt, heardAt, engineRestarts } of rows) {
      const start = { epoch, startedAt: Number(startedAt), heardAt: Number(heardAt) };
      this.#of({ fleet, device })?.starts.push({ ...start, engineRestarts: Number(engineRestarts) });
    }
  }

  async #writeDevices(): Promise<void> {
    if (this.#facts.size === 0) return;
    const rows = [...this.#facts].map(([name, facts]) => {
      const [fleet, device] = name.split("/");
      const { clock, unassigned, unassignedAt, twinAt, lastSeen, inventory } = facts;
      const { offsetMs, source, samples } = clock;
      const known = { unassigned, unassignedAt, twinAt, lastSeen, inventory: inventory ?? null };
      return { fleet, device, offsetMs, samples: { source, samples }, ...known };
    });
    await this.#session.query(
      `update devices d set inventory = coalesce(s.inventory, d.inventory), last_seen = greatest(d.last_seen, s."lastSeen"),
         clock_offset_ms = s."offsetMs", clock_samples = s.samples, twin_at = coalesce(s."twinAt", d.twin_at),
         unassigned_release = s.unassigned,
         unassigned_at = case when s.unassigned is null then null else coalesce(s."unassignedAt", d.unassigned_at) end
       from jsonb_to_recordset($1::jsonb) as s(fleet text, device text, inventory jsonb, "lastSeen" bigint,
         "offsetMs" bigint, samples jsonb, "twinAt" bigint, unassigned text, "unassignedAt" bigint)
       where d.fleet = s.fleet and d.device = s.device`,
      [JSON.stringify(rows)],
    );
  }

  async #writeStarts(): Promise<void> {
    if (this.#starts.length === 0) return;
    await this.#session.query(
      `insert into device_starts as known (fleet, device, epoch, started_at, release, runtime_version, received_at, heard_at,
         engine_restarts)
       select fleet, device, epoch, started_at, (array_agg(release order by received_at))[1],
         (array_agg(runtime_version order by received_at))[1], min(received_at), max(received_at), max(engine_restarts)
       from jsonb_to_recordset($1::jsonb) as s(fleet text, device text, epoch text, started_at bigint, release text,
         runtime_version text, received_at bigint, engine_restarts bigint)
       group by fleet, device, epoch, started_at
       on conflict (fleet, device, epoch, started_at) do update set
         heard_at = greatest(known.heard_at, excluded.heard_at),
         engine_restarts = greatest(known.engine_restarts, excluded.engine_restarts)`,
      [JSON.stringify(this.#starts)],
    );
  }

  async #writeEngineRestarts(): Promise<void> {
    if (this.#engineRestarts.length === 0) return;
    await this.#session.query(
      `insert into engine_restarts (fleet, device, epoch, started_at, total, count, release, received_at)
       select fleet, device, epoch, started_at, total, count, release, received_at
       from jsonb_to_recordset($1::jsonb) as s(fleet text, device text, epoch text, started_at bigint, total bigint,
         count bigint, release text, received_at bigint)
       on conflict do nothing`,
      [JSON.stringify(this.#engineRestarts)],
    );
  }

  /** One of a sentence per device in an hour; what goes on is told by the device's health. */
  async #writeNotes(): Promise<void> {
    const first = new Map(this.#notes.toReversed().map((note) => [`${note.device} ${note.sentence}`, note]));
    if (first.size === 0) return;
    await this.#session.query(
      `insert into device_notes (fleet, device, at, kind, sentence)
       select n.fleet, n.device, n.at, n.kind, n.sentence
       from jsonb_to_recordset($1::jsonb) as n(fleet text, device text, at bigint, kind text, sentence text)
       where (
         select count(*) < 20 and count(*) filter (where k.sentence = n.sentence) = 0 from device_notes k
         where k.fleet = n.fleet and k.device = n.device and k.at > n.at - 3600000
       ) on conflict do nothing`,
      [JSON.stringify([...first.values()])],
    );
  }
}

function factsOf(row: DeviceRow): Facts {
  const { source = unknownClock.source, samples = unknownClock.samples } = row.clock_samples;
  const last = row.last_window;
  return {
    createdAt: Number(row.created_at),
    assigned: new Map(),
    starts: [],
    clock: { offsetMs: Number(row.clock_offset_ms), source, samples },
    unassigned: row.unassigned_release,
    unassignedAt: null,
    twinAt: null,
    lastSeen: 0,
    lastWindow: last === null ? undefined : { end: last.end, receivedAt: last.received_at },
    inventory: undefined,
  };
}

/** Whether the hub had given a device a release by then, over the air or in a bundle. */
function isAssigned({ assigned }: Facts, release: string, by: number): boolean {
  const since = assigned.get(release);
  return since !== undefined && since <= by;
}
