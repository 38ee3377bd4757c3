import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import {
  createSketch,
  encodeMessage,
  type Inventory,
  observeError,
  observeFrame,
  type SampleBody,
} from "@fieldloop/devices";
import { keyedShare } from "@fieldloop/edge-runtime";
import { type HubStore, openHubStore } from "../storage/hub-store.ts";
import { TinyDevice, type TinyRecord } from "./tiny-device.ts";

const t0 = 1_750_000_000_000;
const hour = 3_600_000;
const given = `sha256:${"ab".repeat(32)}`;
const foreign = `sha256:${"cd".repeat(32)}`;
const auditKey = "ab".repeat(16);
let dir: string;
let store: HubStore;
let devices = 0;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "fieldloop-facts-"));
  store = await openHubStore({ dataDir: dir, appliers: {} });
  const manifest = {
    pipeline: [],
    components: [{ name: "sign", role: "head", classes: ["a", "b"] }],
    policy: { audit: { rate: 0.5, key: auditKey } },
  };
  await store.db.query(
    `insert into releases (fleet, digest, version, profiles, manifest, signed, created_at)
     values ('plant', $1, 'v', '{}', $2::jsonb, '', $3)`,
    [given, JSON.stringify(manifest), t0],
  );
});
after(async () => {
  await store.close();
  await rm(dir, { recursive: true });
});

/** An enrolled device that was given one release, with a clock `offsetMs` off. */
class Probe {
  readonly name: string;
  readonly wire: TinyDevice;
  readonly offsetMs: number;
  #seq = 0;

  constructor(offsetMs: number, epoch = "00000000000000e1", name = `reader-${devices}`) {
    this.name = name;
    this.wire = new TinyDevice(name, epoch);
    this.offsetMs = offsetMs;
  }

  /** At the hub's time `at` the device says hello; its own clock gives its times. */
  async hello(at: number, more: Partial<Inventory> = {}): Promise<void> {
    const inventory: Inventory = {
      v: 1,
      profile: "x86-64",
      simulated: false,
      runtimeVersion: "0.1.0",
      engine: "onnxruntime",
      epoch: this.wire.epoch,
      release: given,
      desiredNumber: 1,
      startedAt: t0 - this.offsetMs,
      frames: 0,
      journal: {},
      sentAt: at - this.offsetMs,
      ...more,
    };
    await this.#store(encodeMessage("hello", inventory), at, "hello");
  }

  /** A window of five seconds that ended at the hub's time `end` comes at `at`. */
  async sketch(end: number, { at = end + 1000, release = given, frames = 10 } = {}): Promise<void> {
    const window = { windowStart: end - 5000 - this.offsetMs, windowMs: 5000 };
    const sketch = createSketch({ release, ...window, heads: { sign: 2 }, embeddingSize: 1 });
    const answer = { heads: { sign: { index: 1, confidence: 0.92, margin: 0.5 } }, luma: 1, latencyUs: 1000 };
    for (let frame = 0; frame < frames; frame += 1) observeFrame(sketch, { ...answer, embedding: Float32Array.of(1) });
    observeError(sketch, "image-unreadable");
    await this.records("sketches", at, { kind: "sketch", body: sketch });
  }

  async records(lane: Parameters<TinyDevice["envelope"]>[0], at: number, record: Unnumbered): Promise<void> {
    this.#seq += 1;
    await this.#store(this.wire.envelope(lane, [{ seq: this.#seq, ...record } as TinyRecord]), at, "records");
  }

  async row<Row>(sql: string): Promise<Row> {
    const { rows } = await store.db.query<Row>(sql.replaceAll("$device", `'${this.name}'`));
    return rows.at(-1)!;
  }

  async #store(payload: Uint8Array, at: number, channel: "hello" | "records"): Promise<void> {
    await store.store({ ...this.wire.arrival(payload, channel), receivedAt: at });
    await store.idle();
  }
}
type Unnumbered = {
  [Kind in TinyRecord["kind"]]: Omit<Extract<TinyRecord, { kind: Kind }>, "seq">;
}[TinyRecord["kind"]];

type Fact = { clock_offset_ms: number; unassigned_release: string | null; twin_at: number | null; last_seen: number };
const factOf = (probe: Probe) => probe.row<Fact>("select * from devices where device = $device");
type Window = { window_end: number; apart: string | null; clock_offset_ms: number };
const lastWindow = (probe: Probe) =>
  probe.row<Window>("select * from sketches where device = $device order by received_at, seq");
const notes = async (probe: Probe) =>
  (
    await store.db.query<{ kind: string; sentence: string }>(
      "select * from device_notes where device = $1 order by at",
      [probe.name],
    )
  ).rows;
const count = async (probe: Probe, name: string) =>
  (
    await probe.row<{ count: number } | undefined>(
      `select * from ingest_counts where device = $device and name = '${name}'`,
    )
  )?.count ?? 0;

beforeEach(async () => {
  devices += 1;
  await store.db.query(
    "insert into devices (fleet, device, profile, created_at, enrolled_at) values ('plant', $1, 'x86-64', $2, $2)",
    [`reader-${devices}`, t0 - hour],
  );
  await store.db.query(
    `insert into desired_states (fleet, device, number, release, signed, issued_at) values ('plant', $1, 1, $2, '', $3)`,
    [`reader-${devices}`, given, t0 - hour],
  );
});

for (const [which, offsetMs] of [
  ["behind", 2 * hour],
  ["ahead", -2 * hour],
] as const) {
  test(`a clock two hours ${which} gets its sentence, and its windows count at their true times`, async () => {
    const probe = new Probe(offsetMs);
    await probe.hello(t0);
    await probe.sketch(t0 + 5000);
    await probe.records("control", t0 + 6000, {
      kind: "outcome",
      body: { v: 1, prediction: `${probe.wire.epoch}-1`, outcome: "missed", at: t0 + 3000 - offsetMs },
    });
    assert.equal((await factOf(probe)).clock_offset_ms, offsetMs);
    const { window_end, apart, clock_offset_ms } = await lastWindow(probe);
    assert.deepEqual([window_end, apart, clock_offset_ms], [t0 + 5000, null, offsetMs]);
    const outcome = await probe.row<{ hub_at: number }>("select hub_at from outcomes where device = $device");
    assert.equal(outcome.hub_at, t0 + 3000);
    const [note] = await notes(probe);
    assert.match(note?.sentence ?? "", which === "behind" ? /2 h behind the hub's/ : /2 h ahead of the hub's/);
    await probe.hello(t0 + 60_000, { sentAt: t0 + 60_000 });
    await probe.hello(t0 + 120_000, { sentAt: t0 + 120_000 });
    assert.equal((await factOf(probe)).clock_offset_ms, 0, "its clock was set");
    assert.match((await notes(probe)).at(-1)?.sentence ?? "", /agrees with the hub's again/);
  });
}

test("what a journal kept for hours does not make the clock look wrong, with or without a word of the device", async () => {
  const probe = new Probe(0);
  await probe.hello(t0);
  for (let old = 10; old > 0; old -= 1) await probe.sketch(t0 - old * 60_000, { at: t0 + 100 - old });
  assert.equal((await factOf(probe)).clock_offset_ms, 0);
  assert.equal((await lastWindow(probe)).window_end, t0 - 60_000);
  await store.db.query("update devices set clock_samples = '{}' where device = $1", [probe.name]);
  for (let old = 10; old > 0; old -= 1) await probe.sketch(t0 + hour - old * 60_000, { at: t0 + 2 * hour + 100 - old });
  assert.equal((await factOf(probe)).clock_offset_ms, 0, "an older device, which says nothing of its clock");
});

test("a device that does not say its time is known by windows that come as they are made", async () => {
  const probe = new Probe(-2 * hour);
  await probe.hello(t0, { sentAt: undefined });
  for (let window = 1; window <= 4; window += 1) await probe.sketch(t0 + window * 5000);
  const { clock_offset_ms } = await factOf(probe);
  assert.ok(Math.abs(clock_offset_ms + 2 * hour) <= 2_000, `${clock_offset_ms}`);
  assert.equal((await lastWindow(probe)).apart, null);
});

test("windows that lie ahead, or long before the device was added, are kept apart, counted and told", async () => {
  const probe = new Probe(0);
  await probe.hello(t0);
  await probe.sketch(t0 + hour, { at: t0 + 1000 });
  assert.equal((await lastWindow(probe)).apart, "future");
  await probe.sketch(t0 - 40 * 24 * hour, { at: t0 + 2000 });
  assert.equal((await lastWindow(probe)).apart, "early");
  await probe.sketch(t0 - 2 * hour, { at: t0 + 3000 });
  assert.equal((await lastWindow(probe)).apart, null, "a little before is a journal's right");
  assert.deepEqual([await count(probe, "window-future"), await count(probe, "window-early")], [1, 1]);
  assert.equal(await count(probe, "stored"), 3, "they are acknowledged like any record");
  const sentences = (await notes(probe)).map(({ sentence }) => sentence);
  assert.match(sentences.join(" "), /a time that has not come yet.*a time before it was added/);
  const sums = await probe.row<{ count: number }>(
    "select sum(count)::int as count from device_counts where device = $device",
  );
  assert.equal(sums.count, 12, "only the window that counts: ten frames, an error, and the error's reason");
});

test("a device that says it runs what it was never given is told of, and its sketches say nothing of the release", async () => {
  const probe = new Probe(0);
  await probe.hello(t0, { release: foreign });
  assert.equal((await factOf(probe)).unassigned_release, foreign);
  await probe.sketch(t0 + 5000, { release: foreign });
  assert.equal((await lastWindow(probe)).apart, "unassigned");
  assert.equal(await count(probe, "window-unassigned"), 1);
  await probe.sketch(t0 + 10_000);
  assert.equal((await lastWindow(probe)).apart, null, "what it says under a release that it was given counts");
  const told = (await notes(probe)).filter(({ kind }) => kind === "release");
  assert.equal(told.length, 1);
  assert.match(told[0]!.sentence, /runs release cdcdcdcdcdcd, which this hub never gave it/);
  await store.db.query(
    `insert into desired_states (fleet, device, number, release, signed, issued_at) values ('plant', $1, 2, $2, '', $3)`,
    [probe.name, foreign, t0 + 20_000],
  );
  await probe.sketch(t0 + 25_000, { release: foreign });
  assert.equal((await lastWindow(probe)).apart, null, "given since");
  await probe.hello(t0 + 30_000, { release: foreign });
  assert.equal((await factOf(probe)).unassigned_release, null);
});

test("tells starts of the process from engines that were started anew, each once however often it is said", async () => {
  const probe = new Probe(0);
  await probe.hello(t0);
  await probe.hello(t0 + 60_000, { engineRestarts: 2 });
  await probe.hello(t0 + 120_000, { engineRestarts: 2 });
  await probe.hello(t0 + 180_000, { startedAt: t0 + 170_000, engineRestarts: 1 });
  const { rows: restarts } = await store.db.query(
    "select kind, at, count, release from device_restarts where device = $1 order by at, kind",
    [probe.name],
  );
  assert.deepEqual(restarts, [
    { kind: "engine", at: t0 + 60_000, count: 2, release: given },
    { kind: "engine", at: t0 + 180_000, count: 1, release: given },
    { kind: "process", at: t0 + 180_000, count: 1, release: given },
  ]);
  const { rows: starts } = await store.db.query<{ started_at: number; heard_at: number }>(
    "select started_at, heard_at from device_starts where device = $1 order by received_at",
    [probe.name],
  );
  assert.deepEqual(
    starts.map(({ started_at, heard_at }) => [started_at, heard_at]),
    [
      [t0, t0 + 120_000],
      [t0 + 170_000, t0 + 180_000],
    ],
  );
});

test("two processes with one credential are told apart from one that was started again", async () => {
  const first = new Probe(0);
  const second = new Probe(0, "00000000000000e2", first.name);
  await first.hello(t0);
  await second.hello(t0 + 1000, { startedAt: t0 + 900 });
  await second.hello(t0 + 61_000, { startedAt: t0 + 900 });
  assert.equal((await factOf(first)).twin_at, null, "a restart");
  await first.hello(t0 + 62_000);
  assert.equal((await factOf(first)).twin_at, t0 + 62_000);
  assert.match((await notes(first)).at(-1)?.sentence ?? "", /Two processes speak with its one credential/);
  await first.hello(t0 + 122_000);
  assert.equal((await factOf(first)).twin_at, t0 + 62_000, "the other one was stopped");
});

test("sums of a sketch stand in its row, and sums of ten minutes beside it", async () => {
  const probe = new Probe(0);
  await probe.hello(t0);
  await probe.sketch(t0 + 5000);
  await probe.sketch(t0 + 10_000);
  const row = await probe.row<{ head: string; confidence_sum: number; class_counts: number[]; error_reasons: object }>(
    "select * from sketches where device = $device",
  );
  assert.ok(Math.abs(row.confidence_sum - 10 * 0.925) < 1e-9);
  assert.deepEqual([row.head, row.class_counts, row.error_reasons], ["sign", [0, 10], { "image-unreadable": 1 }]);
  const { rows } = await store.db.query<{ name: string; count: number }>(
    "select name, sum(count)::int as count from device_counts where device = $1 group by name order by name",
    [probe.name],
  );
  assert.deepEqual(rows, [
    { name: "error image-unreadable", count: 2 },
    { name: "errors", count: 2 },
    { name: "frames", count: 20 },
  ]);
});

test("a halving thins audit samples on both sides of the wire, whichever comes first", async () => {
  const probe = new Probe(0);
  const key = Buffer.from(auditKey, "hex");
  const share = (frame: number) => keyedShare(key, `${probe.name}|${probe.wire.epoch}`, frame);
  const chosen = Array.from({ length: 200 }, (_, index) => index + 1).filter((frame) => share(frame) < 0.5);
  const early = chosen.filter((frame) => frame < 100);
  const late = chosen.filter((frame) => frame >= 100);
  for (const frame of early) await probe.records("audit", t0, { kind: "sample", body: sampleOf(frame) });
  await probe.records("control", t0 + 1, {
    kind: "halving",
    body: { v: 1, rate: 0.25, halvings: 1, fromFrame: 50, at: t0 },
  });
  for (const frame of late.filter((each) => share(each) < 0.25))
    await probe.records("audit", t0 + 2, { kind: "sample", body: sampleOf(frame) });
  const { rows } = await store.db.query<{ frame: number; audit: boolean; p: number }>(
    "select frame, audit, inclusion_probability as p from samples where device = $1 order by frame",
    [probe.name],
  );
  const expected = [...early, ...late.filter((each) => share(each) < 0.25)].map((frame) => {
    const isHalved = frame >= 50 && share(frame) < 0.25;
    return { frame, audit: frame < 50 || isHalved, p: isHalved ? 0.25 : 0.5 };
  });
  assert.deepEqual(rows, expected);
  assert.ok(rows.some(({ audit }) => !audit) && rows.some(({ p }) => p === 0.25));
});

function sampleOf(frame: number): SampleBody {
  return {
    v: 1,
    release: given,
    frame,
    at: t0,
    image: { encoding: "png", width: 1, height: 1, lossy: false, bytes: Uint8Array.of(1) },
    reasons: [{ kind: "audit", probability: 0.5 }],
    inclusionProbability: 0.5,
    heads: {},
    embedding: new Float32Array(0),
    luma: 0,
    context: {},
  };
}
