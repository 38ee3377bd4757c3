import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { decodeMessage, encodeMessage, type SampleBody } from "@fieldloop/devices";
import type { Journal } from "../journal/index.ts";
import { openDeviceJournal } from "../runtime/device-journal.ts";
import { AuditLane, isAboveThreshold } from "./audit-lane.ts";
import { AuditReserve } from "./audit-reserve.ts";
import { LaneWriter } from "./lane-writer.ts";

const reserveBytes = 256 * 1024;

async function bench(t: TestContext) {
  const dir = await mkdtemp(join(tmpdir(), "fieldloop-audit-"));
  const limits = {
    quotaBytes: 8 * 1024 * 1024,
    auditReserveBytes: reserveBytes,
    freeSpaceFloorBytes: 0,
    segmentBytes: 32 * 1024,
  };
  const journal = await openDeviceJournal(dir, limits);
  const reserve = await AuditReserve.open(journal, dir, () => 1000);
  const audit = new AuditLane({ rate: 0.5, key: "ab".repeat(16) }, `reader-1|${journal.epoch}`, () => reserve.halvings);
  const lost: string[] = [];
  const writer = new LaneWriter(journal, (lane, reason) => lost.push(`${lane} ${reason}`));
  t.after(async () => {
    await journal.close();
    await rm(dir, { recursive: true });
  });
  const offer = async (frames: number) => {
    for (let frame = 1; frame <= frames; frame += 1) {
      void offerOne(frame);
      if (frame % 50 === 0) await writer.settled();
    }
  };
  const offerOne = async (frame: number) => {
    const choice = audit.choose(frame);
    if (choice === undefined) return;
    const payload = encodeMessage("sample", sampleOf(frame, choice.probability));
    const record = { lane: "audit", kind: "sample", at: 1, priority: choice.priority, payload } as const;
    await reserve.write(writer, audit, record);
  };
  return { dir, journal, reserve, audit, lost, offer };
}

function sampleOf(frame: number, probability: number): SampleBody {
  return {
    v: 1,
    release: `sha256:${"0".repeat(64)}`,
    frame,
    at: 1,
    image: { encoding: "png", width: 32, height: 32, lossy: false, bytes: new Uint8Array(2000) },
    reasons: [{ kind: "audit", probability }],
    inclusionProbability: probability,
    heads: {},
    embedding: new Float32Array(4),
    luma: 0,
    context: {},
  };
}

async function waiting(journal: Journal) {
  const records = await journal.read("audit", { after: 0, limit: 100_000, maxBytes: 2 ** 30 });
  return records.map((record) => ({ ...record, frame: decodeMessage("sample", record.payload).frame }));
}

test("halves its rate by the same hash when its reserve fills, tells it, and stays within the reserve", async (t) => {
  const { journal, reserve, audit, lost, offer } = await bench(t);
  await offer(1200);
  assert.ok(reserve.halvings >= 2, `${reserve.halvings} halvings`);
  assert.equal(audit.rate, 0.5 / 2 ** reserve.halvings);
  const held = await waiting(journal);
  const expected = Array.from({ length: 1200 }, (_, n) => n + 1).filter((frame) => audit.choose(frame) !== undefined);
  assert.deepEqual(
    held.map(({ frame }) => frame),
    expected,
    "exactly the frames below the new threshold are held",
  );
  assert.ok(held.every(({ priority }) => !isAboveThreshold(priority, reserve.halvings)));
  assert.ok(
    lost.every((reason) => reason === "audit audit-halved"),
    lost.join(),
  );
  const control = await journal.read("control", { after: 0, limit: 10_000, maxBytes: 2 ** 30 });
  const halvings = control
    .filter(({ kind }) => kind === "halving")
    .map(({ payload }) => decodeMessage("halving", payload));
  assert.deepEqual(
    halvings.map(({ rate }) => rate),
    Array.from({ length: reserve.halvings }, (_, n) => 0.5 / 2 ** (n + 1)),
  );
  const evicted = control
    .filter(({ kind }) => kind === "gap")
    .reduce((sum, { payload }) => sum + decodeMessage("gap", payload).count, 0);
  assert.equal(evicted + held.length, journal.lastSeq("audit"), "every eviction is told");
});

test("remembers a halved rate across a restart and takes the full one up again once the lane is empty", async (t) => {
  const { dir, journal, reserve, audit, offer } = await bench(t);
  await offer(600);
  const { halvings } = reserve;
  assert.ok(halvings >= 1);
  assert.equal((await AuditReserve.open(journal, dir, () => 1)).halvings, halvings);
  reserve.recover(audit, 700);
  assert.equal(reserve.halvings, halvings, "not while records wait");
  await journal.release("audit", journal.lastSeq("audit"));
  reserve.recover(audit, 700);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(audit.rate, 0.5);
  const control = await journal.read("control", { after: 0, limit: 10_000, maxBytes: 2 ** 30 });
  const last = control.filter(({ kind }) => kind === "halving").at(-1);
  assert.ok(last);
  assert.deepEqual(decodeMessage("halving", last.payload), { v: 1, rate: 0.5, halvings: 0, fromFrame: 700, at: 1000 });
});
