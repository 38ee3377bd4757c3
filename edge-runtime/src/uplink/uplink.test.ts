import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { generateKeyPair, type Inventory, type Lane, lanes } from "@fieldloop/devices";
import { type Journal, openJournal } from "../journal/index.ts";
import { TinyHub } from "./tiny-hub.ts";
import { startUplink, type Uplink } from "./uplink.ts";

async function bench(
  t: TestContext,
  {
    isSecure = false,
    fingerprint,
    ...options
  }: { receiptTimeoutMs?: number; isSecure?: boolean; fingerprint?: string } = {},
) {
  const dir = await mkdtemp(join(tmpdir(), "fieldloop-uplink-"));
  const hub = await TinyHub.start(undefined, { isSecure });
  const journal = await openJournal({
    dir,
    lanes: Object.fromEntries(lanes.map((lane) => [lane, { sync: "none" as const }])),
  });
  const uplink = startUplink({
    identity: { ...hub.identity(), ...(fingerprint === undefined ? {} : { fingerprint }) },
    journal,
    inventory: () => inventory(journal),
    onDesired: () => undefined,
    mostBackoffMs: 50,
    ...options,
  });
  t.after(async () => {
    await uplink.close();
    await journal.close();
    await hub.close();
    await rm(dir, { recursive: true });
  });
  return { hub, journal, uplink };
}

function inventory(journal: Journal): Inventory {
  return {
    v: 1,
    profile: "x86-64",
    simulated: true,
    runtimeVersion: "0.1.0",
    engine: "none",
    epoch: journal.epoch,
    release: null,
    desiredNumber: 0,
    startedAt: 0,
    frames: 0,
    journal: {},
  };
}

async function append(journal: Journal, lane: Lane, count: number, bytes = 200): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    await journal.append(lane, { kind: "sample", at: 1, priority: 0, payload: new Uint8Array(bytes) });
  }
}

async function until(holds: () => boolean, what: string, timeoutMs = 10_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!holds()) {
    assert.ok(Date.now() < end, `timed out: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const isConnected = (uplink: Uplink) => () => uplink.status().isConnected;

test("says hello, carries records to the hub and releases them on its signed receipt", async (t) => {
  const { hub, journal, uplink } = await bench(t);
  await append(journal, "samples", 40);
  await append(journal, "control", 3);
  await until(() => journal.releasedUpTo("samples") === 40 && journal.releasedUpTo("control") === 3, "released");
  assert.equal(hub.hellos[0]?.epoch, journal.epoch);
  assert.deepEqual(
    hub.lane("samples").map(({ seq }) => seq),
    Array.from({ length: 40 }, (_, index) => index + 1),
  );
  assert.ok(uplink.status().bytesUp > 43 * 200);
  await until(() => journal.stats().lanes.samples?.waiting === 0, "nothing waits");
});

test("releases nothing on the broker's acknowledgement alone", async (t) => {
  const { hub, journal } = await bench(t);
  hub.givesReceipts = false;
  await append(journal, "samples", 5);
  await until(() => hub.lane("samples").length === 5, "arrived");
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(journal.releasedUpTo("samples"), 0);
});

test("ignores receipts that are forged, for another device or epoch, or beyond the end", async (t) => {
  const { hub, journal, uplink } = await bench(t);
  hub.givesReceipts = false;
  await append(journal, "samples", 5);
  await until(() => hub.lane("samples").length === 5, "arrived");
  const { epoch } = journal;
  const receipt = { v: 1, fleet: "plant", device: "reader-1", epoch, lane: "samples", upTo: 5 } as const;
  hub.sendReceipt(receipt, generateKeyPair().privateKey);
  hub.sendReceipt({ ...receipt, epoch: "0".repeat(16) });
  hub.sendReceipt({ ...receipt, upTo: 6 });
  await until(() => Object.keys(uplink.status().refusedReceipts).length === 3, "three refusals");
  assert.deepEqual(uplink.status().refusedReceipts, { "bad-signature": 1, "other-epoch": 1, "beyond-end": 1 });
  assert.equal(journal.releasedUpTo("samples"), 0);
  hub.sendReceipt({ ...receipt, upTo: 4 });
  await until(() => journal.releasedUpTo("samples") === 4, "the true one releases");
});

test("sends again from the released position when no receipt comes in time", async (t) => {
  const { hub, journal, uplink } = await bench(t, { receiptTimeoutMs: 150 });
  hub.givesReceipts = false;
  await append(journal, "samples", 3);
  await until(() => hub.lane("samples").every(({ times }) => times >= 2) && hub.records.size === 3, "came twice");
  assert.ok(uplink.status().resends >= 1);
  hub.givesReceipts = true;
  await until(() => journal.releasedUpTo("samples") === 3, "released");
});

test("loses nothing when the connection drops again and again, and the hub counts each record once", async (t) => {
  const { hub, journal, uplink } = await bench(t);
  const total = 600;
  const dropping = (async () => {
    for (let cycle = 0; cycle < 5; cycle += 1) {
      await until(isConnected(uplink), "connected");
      await new Promise((resolve) => setTimeout(resolve, 40));
      await hub.drop();
    }
  })();
  await append(journal, "samples", total, 2_000);
  await dropping;
  await until(() => journal.releasedUpTo("samples") === total, "all released");
  assert.equal(hub.lane("samples").length, total);
});

test("keeps everything while the hub is away and sends it when it is back", async (t) => {
  const { hub, journal, uplink } = await bench(t);
  await until(isConnected(uplink), "connected");
  await hub.drop(true);
  await append(journal, "audit", 50, 10_000);
  await until(() => !uplink.status().isConnected, "away");
  assert.equal(journal.releasedUpTo("audit"), 0);
  await hub.listen();
  await until(() => journal.releasedUpTo("audit") === 50, "released");
});

test("sends the lanes in their order once the window is open", async (t) => {
  const { hub, journal, uplink } = await bench(t);
  await until(isConnected(uplink), "connected");
  await hub.drop(true);
  for (const lane of [...lanes].reverse()) await append(journal, lane, 2);
  const order: Lane[] = [];
  const set = hub.records.set.bind(hub.records);
  hub.records.set = (key, record) => {
    order.push(record.lane);
    return set(key, record);
  };
  await hub.listen();
  await until(() => hub.records.size === 10, "all arrived");
  assert.deepEqual([...new Set(order)], [...lanes]);
});

test("speaks TLS to the hub whose certificate is pinned, whoever signed it", async (t) => {
  const { journal, uplink } = await bench(t, { isSecure: true });
  await append(journal, "samples", 3);
  await until(() => journal.releasedUpTo("samples") === 3, "released");
  assert.ok(uplink.status().bytesDown > 100);
});

test("says nothing, not even its credential, to a hub with another certificate", async (t) => {
  const { hub, journal, uplink } = await bench(t, { isSecure: true, fingerprint: "ab".repeat(32) });
  await append(journal, "samples", 3);
  await until(() => /certificate/.test(uplink.status().lastError ?? ""), "refused");
  assert.equal(uplink.status().connections, 0);
  assert.equal(hub.records.size, 0);
});

test("says why a hub does not let it in, and keeps trying", async (t) => {
  const { hub, journal, uplink } = await bench(t);
  await until(isConnected(uplink), "connected");
  const stranger = startUplink({
    identity: { ...hub.identity(), credential: "wrong" },
    journal,
    inventory: () => inventory(journal),
    onDesired: () => undefined,
    mostBackoffMs: 20,
  });
  t.after(() => stranger.close());
  await until(() => stranger.status().lastError !== undefined, "refused");
  assert.match(stranger.status().lastError ?? "", /broker at 127\.0\.0\.1.*tries again/);
  await stranger.close();
});

test("hands a desired state over unopened", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), "fieldloop-uplink-"));
  const hub = await TinyHub.start();
  const journal = await openJournal({ dir, lanes: Object.fromEntries(lanes.map((lane) => [lane, {}])) });
  const got: number[] = [];
  const uplink = startUplink({
    identity: hub.identity(),
    journal,
    inventory: () => inventory(journal),
    onDesired: ({ payload }) => got.push(payload.length),
  });
  t.after(async () => {
    await uplink.close();
    await journal.close();
    await hub.close();
    await rm(dir, { recursive: true });
  });
  await until(() => hub.hellos.length === 1, "hello");
  hub.sendDesired("reader-1", { v: 1, payload: new Uint8Array(7), signature: new Uint8Array(64) });
  await until(() => got.length === 1, "desired");
  assert.deepEqual(got, [7]);
});
