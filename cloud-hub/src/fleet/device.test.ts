import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  createSketch,
  encodeMessage,
  type Message,
  observeDrop,
  observeFrame,
  type ReleaseEventBody,
} from "@fieldloop/devices";
import { TinyDevice } from "../ingest/tiny-device.ts";
import { type HubStore, openHubStore } from "../storage/hub-store.ts";
import { type DeviceReader, getDevice, listDevices } from "./device.ts";
import { deviceTimeline } from "./device-timeline.ts";
import { Presence } from "./presence.ts";

const t0 = 1_750_000_000_000;
const given = `sha256:${"ab".repeat(32)}`;
const wire = new TinyDevice("reader-1");
let now = t0;
let dir: string;
let store: HubStore;
let hub: DeviceReader;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "fieldloop-devices-"));
  store = await openHubStore({ dataDir: dir, appliers: {} });
  hub = {
    fleet: "plant",
    clock: () => now,
    presence: new Presence(t0 - 3_600_000),
    rows: async (sql, parameters) => (await store.db.query(sql, parameters)).rows as never,
  };
  for (const device of ["reader-1", "reader-2", "reader-3"]) {
    const enrolledAt = device === "reader-3" ? null : t0 - 1000;
    await store.db.query(
      `insert into devices (fleet, device, profile, public_key, created_at, enrolled_at)
       values ('plant', $1, 'x86-64', 'k', $2, $3)`,
      [device, t0 - 1000, enrolledAt],
    );
  }
  await store.db.query(
    `insert into desired_states (fleet, device, number, release, signed, issued_at) values ('plant', 'reader-1', 1, $1, '', $2)`,
    [given, t0 - 500],
  );
});
after(async () => {
  await store.close();
  await rm(dir, { recursive: true });
});

let seq = 0;
async function send<Kind extends "release-event" | "sketch" | "gap">(kind: Kind, body: Message<Kind>) {
  seq += 1;
  const lane = kind === "sketch" ? "sketches" : "control";
  const records = [{ seq, at: now, kind, body: encodeMessage(kind, body) }];
  const envelope = encodeMessage("envelope", { v: 1, epoch: wire.epoch, lane, records });
  await store.store({ ...wire.arrival(envelope), receivedAt: now });
  await store.idle();
}
const event = (state: ReleaseEventBody["state"], more: Partial<ReleaseEventBody> = {}) =>
  send("release-event", { v: 1, at: now, number: 1, release: given, state, ...more });

async function hello(more = {}) {
  const journal = { samples: { lastSeq: 9, waiting: 4, waitingBytes: 5000, evicted: 0 } };
  const inventory = {
    v: 1,
    profile: "x86-64",
    simulated: false,
    runtimeVersion: "0.1.0",
    engine: "onnxruntime",
    epoch: wire.epoch,
    release: given,
    desiredNumber: 1,
    startedAt: t0 - 900,
    frames: 10,
    journal,
    temperatureC: 47.5,
    sentAt: now,
    ...more,
  } as const;
  await store.store({ ...wire.arrival(encodeMessage("hello", inventory), "hello"), receivedAt: now });
  await store.idle();
}

const states = async () => (await listDevices(hub)).map(({ device, health }) => `${device} ${health.state}`);

test("nothing is known of devices before they are heard", async () => {
  assert.deepEqual(await states(), ["reader-1 unknown", "reader-2 unknown", "reader-3 unknown"]);
});

test("a device that is heard tells its temperature and what waits, and is connected while its session is open", async () => {
  hub.presence.begin("reader-1", now);
  await hello();
  const device = await getDevice(hub, "reader-1");
  assert.deepEqual(
    [device.connected, device.connectedAt, device.temperatureC, device.waiting, device.health.state],
    [true, now, 47.5, { records: 4, bytes: 5000 }, "healthy"],
  );
  now += 40_000;
  hub.presence.heard("reader-1", now);
  assert.equal((await getDevice(hub, "reader-1")).lastSeen, now, "a ping counts");
});

test("a release that it shall run and refuses makes it fail, with the device's own reason, until it takes one", async () => {
  now += 1000;
  await event("refused", { code: "golden-failed", reason: "Golden sample 3 answered b." });
  const { health } = await getDevice(hub, "reader-1");
  assert.equal(health.state, "failing");
  assert.match(health.sentence, /did not take release abababababab \(golden-failed\): Golden sample 3/);
  now += 1000;
  await event("refused", { code: "stale-desired-state", reason: "A later one came." });
  assert.equal((await getDevice(hub, "reader-1")).health.state, "healthy", "what was replaced needs no reason");
  await event("refused", { code: "golden-failed" });
  now += 1000;
  await event("good");
  assert.deepEqual((await getDevice(hub, "reader-1")).health.state, "healthy");
});

test("a release taken while its clock was ahead does not hide the one taken after the clock was set", async () => {
  now += 1000;
  const other = `sha256:${"ef".repeat(32)}`;
  await event("good", { at: now + 7_200_000, number: 1, release: given });
  now += 1000;
  await event("good", { at: now, number: 2, release: other });
  assert.equal((await getDevice(hub, "reader-1")).release, other);
  await event("good", { number: 3 });
});

test("frames without an answer make it fail, by reason", async () => {
  now += 10_000;
  const window = { release: given, windowStart: now - 5000, windowMs: 5000, heads: { sign: 2 }, embeddingSize: 1 };
  const sketch = createSketch(window);
  const answer = { heads: { sign: { index: 1, confidence: 0.9, margin: 0.5 } }, luma: 1, latencyUs: 1000 };
  for (let frame = 0; frame < 80; frame += 1) observeFrame(sketch, { ...answer, embedding: Float32Array.of(1) });
  for (let frame = 0; frame < 20; frame += 1) observeDrop(sketch, "mailbox-full");
  await send("sketch", sketch);
  assert.match((await getDevice(hub, "reader-1")).health.sentence, /20 % of 100 frames.*mailbox-full 20/);
});

test("a full journal makes it fail, lost records of other kinds do not", async () => {
  now += 6 * 60_000;
  hub.presence.heard("reader-1", now);
  await send("gap", { v: 1, lane: "samples", from: 1, to: 30, count: 30, reason: "quota" });
  const { state, sentence } = (await getDevice(hub, "reader-1")).health;
  assert.equal(state, "failing");
  assert.match(sentence, /gave up 30 records/);
});

test("the timeline tells releases, starts, gaps and how frames fared, newest first, for a day and for a month", async () => {
  const day = await deviceTimeline(hub, "reader-1", {});
  const kinds = day.entries.map(({ kind }) => kind);
  assert.deepEqual(kinds[0], "gap");
  assert.ok(kinds.includes("start") && kinds.includes("release"));
  assert.match(
    day.entries.map(({ sentence }) => sentence).join("\n"),
    /Refused release abababababab \(golden-failed\)/,
  );
  assert.deepEqual(
    day.entries.map(({ at }) => at),
    day.entries.map(({ at }) => at).toSorted((a, b) => b - a),
  );
  const totals = (counts: typeof day.counts) => ({
    frames: counts.reduce((sum, { frames }) => sum + frames, 0),
    full: counts.reduce((sum, { drops }) => sum + (drops["mailbox-full"] ?? 0), 0),
  });
  for (const request of [{}, { from: now - 3_600_000 }, { from: now - 30 * 86_400_000 }]) {
    const { counts, bucketMs } = await deviceTimeline(hub, "reader-1", request);
    assert.deepEqual(totals(counts), { frames: 80, full: 20 }, `${bucketMs}`);
    assert.ok(counts.length <= 300);
  }
  const before = await deviceTimeline(hub, "reader-1", { from: t0 - 3_600_000, to: t0 - 60_000 });
  assert.deepEqual([before.entries, before.counts], [[], []]);
  await assert.rejects(deviceTimeline(hub, "reader-9", {}), { code: "not-found" });
});

test("a session that ended makes it silent after a minute, since the moment it was heard last", async () => {
  hub.presence.end("reader-1", now);
  const since = now;
  now += 30_000;
  assert.notEqual((await getDevice(hub, "reader-1")).health.state, "silent", "it may be on its way back");
  now += 60_000;
  const device = await getDevice(hub, "reader-1");
  assert.deepEqual([device.health.state, device.connected, device.disconnectedAt], ["silent", false, since]);
  assert.match(device.health.sentence, /Silent since .* \(2 min\): it is not connected. 4 records waited/);
});

test("a hub that has just begun to listen gives devices a minute to come back", async () => {
  const started = { ...hub, presence: new Presence(now - 20_000) };
  assert.notEqual((await getDevice(started, "reader-1")).health.state, "silent");
});
