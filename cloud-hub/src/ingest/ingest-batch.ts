import { createHash } from "node:crypto";
import { type Inventory, isLane, type Lane, type Receipt, type SketchBody } from "@fieldloop/devices";
import type { Arrival } from "../inbox/arrival.ts";
import type { SqlSession } from "../storage/db.ts";
import { AuditIntake } from "./audit-intake.ts";
import { deriveFrom, preparedRows } from "./derived-rows.ts";
import { DeviceCounts } from "./device-counts.ts";
import { DeviceFacts, type WindowFacts } from "./device-facts.ts";
import { LaneIntake } from "./lane-intake.ts";
import type { Fault, ParsedArrival, ParsedRecord, RecordContent } from "./parsed-arrival.ts";
import { type RecordOrigin, releasesOf, rowsOf } from "./record-rows.ts";
import type { ReleaseHeadsCache } from "./release-heads.ts";
import { byteaText, insertRows, type TableRow } from "./table-rows.ts";

/** The most quarantined messages kept per device; while that many are there, further bad records are not acknowledged. */
export const mostQuarantined = 200;

type Stream = { readonly fleet: string; readonly device: string; readonly epoch: string; readonly lane: Lane };
type StreamState = Stream & { readonly intake: LaneIntake; readonly before: number };

/** Counts by (fleet, device, name); the names are what an operator reads. */
type Count =
  | "stored"
  | "repeated"
  | "covered"
  | "dropped-ahead"
  | "quarantined"
  | "malformed"
  | "differing"
  | "unknown-version"
  | "unacknowledged"
  | "window-future"
  | "window-early"
  | "window-unassigned";

/** One batch of parsed arrivals on its way into the tables, inside one transaction. */
export class IngestBatch {
  readonly #session: SqlSession;
  readonly #heads: ReleaseHeadsCache;
  readonly #now: number;
  readonly #streams = new Map<string, StreamState>();
  readonly #rows: TableRow[] = [];
  readonly #counts = new Map<string, { fleet: string; device: string; name: Count; count: number }>();
  readonly #room = new Map<string, { left: number; readonly digests: Set<string> }>();
  readonly #sketched = new DeviceCounts();
  #facts!: DeviceFacts; // both set by `write` before anything is taken
  #audit!: AuditIntake;

  constructor(session: SqlSession, heads: ReleaseHeadsCache, now: number) {
    this.#session = session;
    this.#heads = heads;
    this.#now = now;
  }

  /** Writes everything; returns the receipts that may be given once the transaction is committed. */
  async write(arrivals: readonly ParsedArrival[]): Promise<readonly Receipt[]> {
    await this.#loadStreams(arrivals);
    await this.#loadQuarantine(arrivals);
    this.#facts = await DeviceFacts.load(this.#session, arrivals);
    this.#audit = await AuditIntake.load(this.#session, this.#heads, arrivals);
    // Hellos tell the clocks that the times of records are read by.
    for (const parsed of arrivals) if (parsed.kind === "hello") this.#facts.takeHello(parsed.arrival, parsed.inventory);
    // The control lane first: its gaps may close what other lanes of the batch wait for.
    const inOrder = arrivals.toSorted((a, b) => order(a) - order(b));
    for (const parsed of inOrder) await this.#take(parsed);
    const rows = await preparedRows(this.#session, this.#rows);
    await insertRows(this.#session, rows);
    await deriveFrom(this.#session, rows);
    await this.#writeCursors();
    await this.#writeCounts();
    await this.#sketched.write(this.#session);
    await this.#audit.write();
    await this.#facts.write();
    return [...this.#streams.values()]
      .filter(({ intake }) => intake.upTo > 0)
      .map(({ fleet, device, epoch, lane, intake }) => ({ v: 1, fleet, device, epoch, lane, upTo: intake.upTo }));
  }

  async #take(parsed: ParsedArrival): Promise<void> {
    const { arrival } = parsed;
    this.#facts.see(arrival);
    if (parsed.kind === "refused") this.#refuse(arrival, parsed.fault, arrival.payload, {});
    if (parsed.kind === "hello") this.#takeHello(parsed);
    if (parsed.kind !== "records") return;
    const { epoch, lane } = parsed;
    const stream = this.#streams.get(nameOf({ ...arrival, epoch, lane }))!;
    const releases = new Set(parsed.records.flatMap(releasesOf));
    const light = {
      heads: await this.#heads.read(this.#session, arrival.fleet, releases),
      policies: await this.#heads.policies(this.#session, arrival.fleet, releases),
      facts: this.#facts,
      audit: this.#audit,
    };
    const origin = { fleet: arrival.fleet, device: arrival.device, epoch, lane, receivedAt: arrival.receivedAt };
    for (const record of parsed.records.toSorted((a, b) => a.seq - b.seq)) {
      if (!this.#offer(stream, origin, record)) continue;
      const { content } = record;
      if (content === undefined || record.fault !== undefined) continue;
      const rows = rowsOf(origin, { ...record, content }, light);
      this.#rows.push(...rows);
      if (content.kind === "gap") this.#closeGap(origin, content.body);
      if (content.kind === "halving") this.#audit.takeHalving(origin, record);
      if (content.kind === "sketch") this.#countSketch(origin, content.body, rows[0]?.row);
    }
  }

  /** Whether a record is stored now; a bad one is, in the quarantine, as long as there is room for it. */
  #offer({ intake }: StreamState, origin: RecordOrigin, record: ParsedRecord): boolean {
    const { seq, digest, fault, bytes } = record;
    const place = { epoch: origin.epoch, lane: origin.lane, seq };
    switch (intake.offer(seq, digest)) {
      case "repeat":
        this.#count(origin, "repeated");
        return false;
      case "covered":
        this.#count(origin, "covered");
        return false;
      case "too-far":
        this.#count(origin, "dropped-ahead");
        return false;
      case "differs": {
        const reason = `Record ${seq} of lane ${origin.lane} was stored with other content before; the first one holds.`;
        this.#count(origin, "differing");
        this.#quarantine(origin, "differing-digest", reason, bytes, place);
        return false;
      }
      case "new": {
        if (fault !== undefined && !this.#refuse(origin, fault, bytes, place)) return false;
        intake.accept(seq, digest);
        const { fleet, device, epoch, lane, receivedAt } = origin;
        this.#rows.push({
          table: "records",
          row: { fleet, device, epoch, lane, seq, digest, received_at: receivedAt },
        });
        if (fault === undefined) this.#count(origin, "stored");
        return true;
      }
    }
  }

  /** Counts and quarantines what is not taken in; false when it must come again. */
  #refuse(origin: Origin, fault: Fault, bytes: Uint8Array, place: Place): boolean {
    const isNewer = fault.code === "unknown-version";
    this.#count(origin, isNewer ? "unknown-version" : "malformed");
    const isKept = this.#quarantine(origin, fault.code, fault.reason, bytes, place);
    if (!isKept) this.#count(origin, "unacknowledged");
    return isKept && !isNewer;
  }

  /** False when the device's quarantine is full. */
  #quarantine(origin: Origin, code: string, reason: string, bytes: Uint8Array, place: Place): boolean {
    const { fleet, device, receivedAt } = origin;
    const digest = createHash("sha256").update(`${place.lane} ${place.seq}\n`).update(bytes).digest("hex").slice(0, 32);
    const room = this.#room.get(`${fleet}/${device}`)!;
    if (room.digests.has(digest)) return true;
    if (room.left <= 0) return false;
    room.left -= 1;
    room.digests.add(digest);
    const row = { fleet, device, received_at: receivedAt, ...place, code, reason, digest, payload: byteaText(bytes) };
    this.#rows.push({ table: "quarantine", row });
    this.#count(origin, "quarantined");
    return true;
  }

  #closeGap(origin: RecordOrigin, { lane, from, to }: Extract<RecordContent, { kind: "gap" }>["body"]): void {
    this.#streams.get(nameOf({ ...origin, lane }))!.intake.close(from, to);
  }

  #countSketch(origin: RecordOrigin, body: SketchBody, row: TableRow["row"] | undefined): void {
    // `rowsOf` made the row of this sketch.
    const { window_end: windowEnd, apart } = row as WindowFacts;
    if (apart !== null) this.#count(origin, `window-${apart}`);
    if (apart === "future" || apart === "early") return;
    const { release, frames, errors, dropped: dropReasons, errorReasons = {} } = body;
    this.#sketched.add({ ...origin, release, windowEnd, frames, errors, dropReasons, errorReasons });
  }

  /** A hub that was restored from an older backup never sees again what the device released since: told as a gap. */
  #takeHello({ arrival, inventory }: Extract<ParsedArrival, { kind: "hello" }>): void {
    for (const [lane, { releasedUpTo }] of releasedLanes(inventory)) {
      const stream = this.#streams.get(nameOf({ ...arrival, epoch: inventory.epoch, lane }))!;
      const { upTo } = stream.intake;
      if (releasedUpTo <= upTo) continue;
      const { fleet, device, receivedAt } = arrival;
      const range = { gap_lane: lane, from_seq: upTo + 1, to_seq: releasedUpTo, count: releasedUpTo - upTo };
      const key = {
        fleet,
        device,
        epoch: inventory.epoch,
        lane: "control",
        seq: 0,
        at: receivedAt,
        received_at: receivedAt,
        hub_at: receivedAt,
      };
      this.#rows.push({ table: "gaps", row: { ...key, ...range, reason: "hub-restored" } });
      stream.intake.close(upTo + 1, releasedUpTo);
    }
  }

  #count(origin: Origin, name: Count): void {
    const { fleet, device } = origin;
    const key = `${fleet}/${device}/${name}`;
    const known = this.#counts.get(key) ?? { fleet, device, name, count: 0 };
    known.count += 1;
    this.#counts.set(key, known);
  }

  async #loadStreams(arrivals: readonly ParsedArrival[]): Promise<void> {
    const streams = new Map(streamsOf(arrivals).map((stream) => [nameOf(stream), stream]));
    if (streams.size === 0) return;
    const wanted = JSON.stringify([...streams.values()]);
    const names = "fleet text, device text, epoch text, lane text";
    const cursors = await this.#session.query<Stream & { up_to: number }>(
      `select c.* from jsonb_to_recordset($1::jsonb) as w(${names}) join cursors c using (fleet, device, epoch, lane)`,
      [wanted],
    );
    const upTo = new Map(cursors.rows.map((row) => [nameOf(row), row.up_to]));
    const ahead = [...streams.values()].map((stream) => ({ ...stream, up_to: upTo.get(nameOf(stream)) ?? 0 }));
    const stored = await this.#storedRecords(arrivals, ahead);
    const gaps = await this.#session.query<Stream & { from_seq: number; to_seq: number }>(
      `select g.fleet, g.device, g.epoch, g.gap_lane as lane, g.from_seq, g.to_seq
       from jsonb_to_recordset($1::jsonb) as w(${names}, up_to bigint)
       join gaps g on (g.fleet, g.device, g.epoch, g.gap_lane) = (w.fleet, w.device, w.epoch, w.lane) and g.to_seq > w.up_to`,
      [JSON.stringify(ahead)],
    );
    for (const stream of ahead) {
      const name = nameOf(stream);
      const intake = new LaneIntake(stream.up_to, stored.get(name) ?? new Map());
      this.#streams.set(name, { ...stream, intake, before: stream.up_to });
    }
    for (const gap of gaps.rows) this.#streams.get(nameOf(gap))!.intake.close(gap.from_seq, gap.to_seq);
  }

  /** Digests of the records ahead of the cursors, and of those that the batch offers again. */
  async #storedRecords(arrivals: readonly ParsedArrival[], ahead: readonly (Stream & { up_to: number })[]) {
    const offered = arrivals.flatMap((parsed) =>
      parsed.kind === "records"
        ? parsed.records.map(({ seq }) => ({ ...streamOf(parsed.arrival, parsed.epoch, parsed.lane), seq }))
        : [],
    );
    const names = "fleet text, device text, epoch text, lane text";
    const { rows } = await this.#session.query<Stream & { seq: number; digest: string }>(
      `select r.fleet, r.device, r.epoch, r.lane, r.seq, r.digest
       from jsonb_to_recordset($1::jsonb) as w(${names}, up_to bigint)
       join records r using (fleet, device, epoch, lane) where r.seq > w.up_to
       union
       select r.fleet, r.device, r.epoch, r.lane, r.seq, r.digest
       from jsonb_to_recordset($2::jsonb) as o(${names}, seq bigint) join records r using (fleet, device, epoch, lane, seq)`,
      [JSON.stringify(ahead), JSON.stringify(offered)],
    );
    const stored = new Map<string, Map<number, string>>();
    for (const row of rows) {
      const digests = stored.get(nameOf(row)) ?? new Map<number, string>();
      stored.set(nameOf(row), digests.set(row.seq, row.digest));
    }
    return stored;
  }

  async #loadQuarantine(arrivals: readonly ParsedArrival[]): Promise<void> {
    for (const { arrival } of arrivals) {
      const key = `${arrival.fleet}/${arrival.device}`;
      if (this.#room.has(key)) continue;
      const { rows } = await this.#session.query<{ digest: string }>(
        `select digest from quarantine where fleet = $1 and device = $2 limit ${mostQuarantined}`,
        [arrival.fleet, arrival.device],
      );
      this.#room.set(key, { left: mostQuarantined - rows.length, digests: new Set(rows.map(({ digest }) => digest)) });
    }
  }

  async #writeCursors(): Promise<void> {
    const moved = [...this.#streams.values()].filter(({ intake, before }) => intake.upTo > before);
    if (moved.length === 0) return;
    const rows = moved.map(({ fleet, device, epoch, lane, intake }) => ({
      fleet,
      device,
      epoch,
      lane,
      up_to: intake.upTo,
    }));
    await this.#session.query(
      `insert into cursors (fleet, device, epoch, lane, up_to, updated_at)
       select fleet, device, epoch, lane, up_to, $2 from jsonb_to_recordset($1::jsonb)
         as r(fleet text, device text, epoch text, lane text, up_to bigint)
       on conflict (fleet, device, epoch, lane) do update set up_to = excluded.up_to, updated_at = excluded.updated_at`,
      [JSON.stringify(rows), this.#now],
    );
  }

  async #writeCounts(): Promise<void> {
    if (this.#counts.size === 0) return;
    await this.#session.query(
      `insert into ingest_counts (fleet, device, name, count)
       select fleet, device, name, count from jsonb_to_recordset($1::jsonb)
         as r(fleet text, device text, name text, count bigint)
       on conflict (fleet, device, name) do update set count = ingest_counts.count + excluded.count`,
      [JSON.stringify([...this.#counts.values()])],
    );
  }
}

type Origin = Pick<Arrival, "fleet" | "device" | "receivedAt">;
type Place = { readonly epoch?: string; readonly lane?: string; readonly seq?: number };

// A hello keeps its place: what came before it may be among what it says was released.
const order = (parsed: ParsedArrival): number => (parsed.kind === "records" && parsed.lane === "control" ? 0 : 1);

const nameOf = ({ fleet, device, epoch, lane }: Stream): string => `${fleet}/${device}/${epoch}/${lane}`;

const streamOf = ({ fleet, device }: Arrival, epoch: string, lane: Lane): Stream => ({ fleet, device, epoch, lane });

/** The lanes that a batch touches: those of its records, those that its gaps name, and those that a hello tells of. */
function streamsOf(arrivals: readonly ParsedArrival[]): Stream[] {
  return arrivals.flatMap((parsed) => {
    const { arrival } = parsed;
    if (parsed.kind === "refused") return [];
    if (parsed.kind === "hello")
      return releasedLanes(parsed.inventory).map(([lane]) => streamOf(arrival, parsed.inventory.epoch, lane));
    const gaps = parsed.records.flatMap(({ content }) => (content?.kind === "gap" ? [content.body.lane] : []));
    return [parsed.lane, ...gaps].map((lane) => streamOf(arrival, parsed.epoch, lane));
  });
}

/** What a device says it released, by lane; older devices do not say it. */
function releasedLanes({ journal }: Inventory): [Lane, { readonly releasedUpTo: number }][] {
  return Object.entries(journal).flatMap(([lane, { releasedUpTo }]) =>
    isLane(lane) && releasedUpTo !== undefined ? [[lane, { releasedUpTo }]] : [],
  );
}
