import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Receipt } from "@fieldloop/devices";
import { restoreBackup } from "../backup/backup.ts";
import { HubError } from "../errors.ts";
import type { DecisionAppliers } from "../inbox/decision.ts";
import { TinyDevice, tinyGap, tinyPredictions, tinySample } from "../ingest/tiny-device.ts";
import { type HubStore, openHubStore } from "./hub-store.ts";

const root = mkdtempSync(join(tmpdir(), "fieldloop-store-"));
const dataDir = join(root, "hub");

const receipts: Receipt[] = [];
const errors: unknown[] = [];
let applied = 0;
let nowMs = 1_700_000_000_000;
const appliers: DecisionAppliers = {
  device: async (session, { at, payload }) => {
    applied += 1;
    const { device } = payload as { device: string };
    await session.query("insert into devices (fleet, device, profile, created_at) values ('plant', $1, 'x86-64', $2)", [
      device,
      at,
    ]);
    return { device };
  },
  refused: async () => {
    throw new HubError("bad-code", "Expected a better decision.");
  },
  broken: async (session) => session.query("insert into devices (fleet) values ('plant')"),
};
const settings = {
  dataDir,
  appliers,
  clock: () => nowMs,
  onStored: (given: readonly Receipt[]) => void receipts.push(...given),
  onError: (error: unknown) => void errors.push(error),
  segmentBytes: 64 * 1024,
};
let store: HubStore;
const count = async (table: string) =>
  (await store.db.query<{ n: number }>(`select count(*) as n from ${table}`)).rows[0]!.n;
const lastReceipt = (lane: string) => receipts.findLast((receipt) => receipt.lane === lane)?.upTo;
const countOf = async (name: string) =>
  (
    await store.db.query<{ count: number }>("select sum(count)::int8 as count from ingest_counts where name = $1", [
      name,
    ])
  ).rows[0]?.count ?? 0;

before(async () => {
  store = await openHubStore(settings);
});
after(async () => {
  await store.close();
  rmSync(root, { recursive: true, force: true });
});

const device = new TinyDevice();

test("applies a decision before it is answered, and an equal one not again", async () => {
  assert.deepEqual(await store.decide("device", "device 1", { device: "reader-1" }), { device: "reader-1" });
  assert.deepEqual(await store.decide("device", "device 1", { device: "reader-1" }), { device: "reader-1" });
  assert.equal(applied, 1);
  assert.equal(await count("devices"), 1);
});

test("answers what an applier or the tables refuse, each time alike, and goes on", async () => {
  for (const _ of [1, 2]) await assert.rejects(store.decide("refused", "r 1", {}), { code: "bad-code" });
  await assert.rejects(store.decide("broken", "b 1", {}), { code: "decision-refused" });
  await assert.rejects(store.decide("nonsense", "n 1", {}), { code: "unknown-decision" });
  await store.decide("device", "device 2", { device: "reader-2" });
  assert.equal(await count("devices"), 2);
});

test("moves samples and predictions into the tables once, and acknowledges what is stored without a hole", async () => {
  await store.store(
    device.arrivalOf(
      "samples",
      [1, 2, 3].map((seq) => tinySample(seq, { track: "t1" })),
    ),
  );
  await store.store(
    device.arrivalOf(
      "samples",
      [2, 3, 5].map((seq) => tinySample(seq, { track: "t1" })),
    ),
  );
  await store.store(device.arrivalOf("predictions", [tinyPredictions(1)]));
  await store.idle();
  assert.equal(await count("samples"), 4);
  assert.equal(await count("predictions"), 30);
  assert.equal(lastReceipt("samples"), 3);
  const { rows } = await store.db.query<{
    blob: string;
    embedding: string;
    track: string;
    confidence: number;
    audit: boolean;
  }>("select blob, embedding, track, confidence, audit from samples where seq = 2");
  assert.equal(rows[0]!.embedding, "[1,2,0]");
  assert.equal(rows[0]!.track, "t1");
  assert.equal(rows[0]!.audit, false);
  assert.equal((await store.blobs.get(rows[0]!.blob)).byteLength, 32);
});

test("closes a hole by the gap that the device tells, and acknowledges beyond it", async () => {
  await store.store(device.arrivalOf("control", [tinyGap(1, "samples", 4, 4)]));
  await store.idle();
  assert.equal(lastReceipt("samples"), 5);
  assert.equal(await count("gaps"), 1);
});

test("keeps the first of two records under one number and quarantines the other", async () => {
  await store.store(device.arrivalOf("samples", [tinySample(3, { variant: 1 })]));
  await store.idle();
  assert.equal(await count("samples"), 4);
  const { rows } = await store.db.query<{ code: string; seq: number }>("select code, seq from quarantine");
  assert.deepEqual(rows, [{ code: "differing-digest", seq: 3 }]);
});

test("quarantines what is malformed with the reason, counts it, and acknowledges the rest", async () => {
  const envelope = device.envelope("samples", [tinySample(6), tinySample(7)]);
  const at = Buffer.from(envelope).lastIndexOf(Buffer.from("reasons"));
  const spoilt = Uint8Array.from(envelope, (byte, index) => (index === at + 6 ? 0x7a : byte));
  await store.store(device.arrival(Uint8Array.of(1, 2, 3)));
  await store.store(device.arrival(spoilt));
  await store.store(device.arrivalOf("samples", [tinySample(8)]));
  await store.idle();
  assert.equal(await countOf("malformed"), 2);
  const { rows } = await store.db.query<{ code: string; seq: number | null; reason: string }>(
    "select code, seq, reason from quarantine where code <> 'differing-digest' order by id",
  );
  assert.deepEqual(
    rows.map(({ code, seq }) => [code, seq]),
    [
      ["malformed-message", null],
      ["malformed-message", 7],
    ],
  );
  assert.match(rows[1]!.reason, /sample message/);
  assert.equal(lastReceipt("samples"), 8);
});

test("leaves a record of a version it does not know unacknowledged, so that a newer hub gets it", async () => {
  const newer = Buffer.from(device.envelope("samples", [tinySample(9)]));
  const body = newer.indexOf(Buffer.from("body")) + 4;
  const version = newer.indexOf(Buffer.from([0x61, 0x76, 0x01]), body);
  newer[version + 2] = 2;
  await store.store(device.arrival(new Uint8Array(newer)));
  await store.idle();
  assert.equal(await countOf("unknown-version"), 1);
  assert.equal(lastReceipt("samples"), 8);
  await store.store(device.arrivalOf("samples", [tinySample(9)]));
  await store.idle();
  assert.equal(lastReceipt("samples"), 9);
});

test("records a kind only in the lane it belongs to", async () => {
  await store.store(device.arrivalOf("control", [{ ...tinySample(2), seq: 2 }]));
  await store.idle();
  assert.equal(lastReceipt("control"), 2);
  assert.equal((await store.db.query("select 1 from quarantine where code = 'wrong-lane'")).rows.length, 1);
});

test("puts what no table can hold aside, and lets nothing else wait for it", async () => {
  const third = new TinyDevice("reader-3");
  const nul = { ...tinySample(1), seq: 1 };
  if (nul.kind === "sample") nul.body.context.track = "a\0b";
  const late = tinyPredictions(1);
  if (late.kind === "predictions") late.body.items[0]!.latencyUs = 2 ** 40;
  const endless = new TinyDevice("reader-4");
  const farOff = tinySample(1);
  if (farOff.kind === "sample") farOff.body.at = 1e300;
  await Promise.all([
    store.store(third.arrivalOf("samples", [nul, tinySample(2)])),
    store.store(third.arrivalOf("predictions", [late])),
    store.store(endless.arrivalOf("samples", [farOff])),
  ]);
  await store.idle();
  const { rows } = await store.db.query<{ device: string; seq: number }>(
    "select device, seq from samples where device in ('reader-3', 'reader-4') order by device",
  );
  assert.deepEqual(rows, [{ device: "reader-3", seq: 2 }]);
  const codes = await store.db.query<{ code: string }>(
    "select code from quarantine where device in ('reader-3', 'reader-4') order by device",
  );
  assert.deepEqual(
    codes.rows.map(({ code }) => code),
    ["malformed-message", "unstorable"],
  );
  assert.equal(
    receipts.some(({ device }) => device === "reader-4"),
    false,
  );
  assert.equal(receipts.findLast(({ device, lane }) => device === "reader-3" && lane === "samples")?.upTo, 2);
  assert.equal(receipts.findLast(({ device, lane }) => device === "reader-3" && lane === "predictions")?.upTo, 1);
});

test("goes on after the database was lost in the middle, with nothing missing and nothing twice", async () => {
  const other = new TinyDevice("reader-2");
  const sending = Array.from({ length: 40 }, async (_, index) => {
    await store.store(other.arrivalOf("samples", [tinySample(index + 1)]));
    if (index === 20) await (store.db as unknown as { kill(): Promise<void> }).kill();
  });
  await Promise.all(sending);
  await store.idle();
  const { rows } = await store.db.query<{ n: number; distinct: number }>(
    "select count(*) as n, count(distinct seq) as distinct from samples where device = 'reader-2'",
  );
  assert.deepEqual(rows, [{ n: 40, distinct: 40 }]);
  assert.ok(store.counts().reopened >= 1);
});

test("dumps by itself when a day has passed, and gives up only what the dump covers of the inbox", async () => {
  const { journal } = store.inbox;
  assert.equal(await store.upkeep(), false);
  assert.equal(journal.releasedUpTo("ingest"), 0);
  nowMs += 24 * 60 * 60 * 1000;
  assert.equal(await store.upkeep(), true);
  assert.equal(journal.releasedUpTo("ingest"), journal.lastSeq("ingest"));
  assert.equal(readdirSync(join(dataDir, "dumps")).length, 1);
});

/** Everything but when a row was applied and the number of a quarantined one, which a crash may skip. */
const contents = async () => {
  const tables = ["devices", "samples", "predictions", "gaps", "quarantine", "cursors", "records", "decisions_applied"];
  const digests: Record<string, string> = {};
  for (const table of tables) {
    const { rows } = await store.db.query<{ digest: string }>(
      `select count(*) || ' ' || md5(string_agg(row, ' ' order by row)) as digest
       from (select (to_jsonb(t) - 'applied_at' - case when $1 then 'id' else '' end)::text as row from ${table} t) as all_rows`,
      [table === "quarantine"],
    );
    digests[table] = rows[0]!.digest;
  }
  return digests;
};

test("gives back everything acknowledged and decided when the database folder is deleted", async () => {
  await store.decide("device", "device 3", { device: "reader-3" });
  await store.store(device.arrivalOf("samples", [tinySample(10), tinySample(11)]));
  await store.store(device.arrival(Uint8Array.of(9)));
  await store.idle();
  const [beforeLoss, applications] = [await contents(), applied];
  await store.close();
  rmSync(join(dataDir, "sql"), { recursive: true });
  store = await openHubStore(settings);
  assert.deepEqual(await contents(), beforeLoss);
  assert.equal(applied, applications + 1);
  assert.deepEqual(store.recovery?.replayed, { decisions: 1, ingest: 2 });
  assert.ok(store.recovery.dumpedRows > 100);
  await store.store(device.arrival(Uint8Array.of(10)));
  await store.idle();
  assert.equal(await countOf("malformed"), 7);
});

test("refuses to start on a loss that no dump covers, and passes over a damaged dump", async () => {
  const dump = join(dataDir, "dumps", readdirSync(join(dataDir, "dumps"))[0]!);
  const bytes = readFileSync(dump);
  await store.close();
  rmSync(join(dataDir, "sql"), { recursive: true });
  writeFileSync(
    dump,
    Uint8Array.from(bytes, (byte, index) => (index === 520 ? byte ^ 1 : byte)),
  );
  await assert.rejects(openHubStore(settings), { code: "not-recoverable" });
  writeFileSync(dump, bytes);
  store = await openHubStore(settings);
  assert.equal(await count("devices"), 3);
});

test("backs up to one file while running, and restores it into a new folder with keys only by passphrase", async () => {
  writeFileSync(join(dataDir, "token"), "a secret");
  writeFileSync(join(dataDir, "hub.json"), "{}");
  const file = join(root, "backup.tar");
  const plain = await store.backup(join(root, "plain.tar"));
  assert.equal(plain.secrets, "left-out");
  assert.equal(readFileSync(join(root, "plain.tar")).includes("a secret"), false);
  const report = await store.backup(file, "open sesame");
  assert.equal(report.secrets, "encrypted");
  assert.equal(readFileSync(file).includes("a secret"), false);
  await assert.rejects(restoreBackup(file, dataDir), { code: "already-there" });
  const fresh = join(root, "fresh");
  await assert.rejects(restoreBackup(file, fresh, "wrong"), { code: "bad-passphrase" });
  const restored = await restoreBackup(file, fresh, "open sesame");
  assert.equal(restored.blobs, report.blobs);
  assert.equal(restored.secrets, "restored");
  assert.equal(readFileSync(join(fresh, "token"), "utf8"), "a secret");
  const wanted = await contents();
  await store.close();
  store = await openHubStore({ ...settings, dataDir: fresh });
  assert.deepEqual(await contents(), wanted);
  await assert.rejects(store.blobs.get(`sha256:${"0".repeat(64)}`), { code: "missing-blob" });
});

test("tells as a gap what a device released to a hub that was restored from an older backup", async () => {
  const hello = {
    v: 1 as const,
    profile: "x86-64",
    simulated: true,
    runtimeVersion: "0.1.0",
    engine: "onnxruntime",
    epoch: device.epoch,
    release: null,
    desiredNumber: 0,
    startedAt: 1,
    frames: 0,
    journal: { samples: { lastSeq: 30, waiting: 10, waitingBytes: 900, evicted: 0, releasedUpTo: 20 } },
  };
  const { encodeMessage } = await import("@fieldloop/devices");
  await store.store(device.arrival(encodeMessage("hello", hello), "hello"));
  await store.store(device.arrivalOf("samples", [tinySample(21)]));
  await store.idle();
  assert.equal(lastReceipt("samples"), 21);
  const { rows } = await store.db.query("select from_seq, to_seq, count from gaps where reason = 'hub-restored'");
  assert.deepEqual(rows, [{ from_seq: 12, to_seq: 20, count: 9 }]);
});

test("refuses a second hub on the same folder", async () => {
  await assert.rejects(openHubStore({ ...settings, dataDir: join(root, "fresh") }), { code: "hub-already-open" });
});
