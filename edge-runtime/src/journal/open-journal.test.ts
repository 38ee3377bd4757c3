import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Gap, type Journal, openJournal } from "./index.ts";

const record = (bytes: number, priority = 0) => ({ kind: "x", at: 1, priority, payload: Buffer.alloc(bytes, 7) });
const encodeGap = (gap: Gap) => ({ kind: "gap", priority: 0, payload: Buffer.from(JSON.stringify(gap)) });

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "fieldloop-open-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, "journal");
}

async function numbers(journal: Journal, lane: string): Promise<number[]> {
  return (await journal.read(lane, { after: 0, limit: 1e6, maxBytes: 1e9 })).map(({ seq }) => seq);
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, at) => at + 1);

test("gives back what was appended, and keeps its epoch and numbers when opened again", async (t) => {
  const dir = folder(t);
  const first = await openJournal({ dir, lanes: { inbox: {} } });
  assert.match(first.epoch, /^[0-9a-f]{16}$/);
  const stored = { kind: "sample", at: 1_700_000_000_123, priority: 0.25, payload: Buffer.from("pixels") };
  assert.deepEqual(await first.append("inbox", stored), { seq: 1 });
  await first.close();
  const again = await openJournal({ dir, lanes: { inbox: {} } });
  assert.equal(again.epoch, first.epoch);
  assert.deepEqual(await again.read("inbox", { after: 0, limit: 9, maxBytes: 1 }), [
    { ...stored, lane: "inbox", seq: 1 },
  ]);
  assert.deepEqual(await again.append("inbox", stored), { seq: 2 });
  await again.close();
});

test("refuses a second opener", async (t) => {
  const options = { dir: folder(t), lanes: { inbox: {} } };
  const journal = await openJournal(options);
  await assert.rejects(openJournal(options), { code: "already-open" });
  await journal.close();
  await (await openJournal(options)).close();
});

test("refuses what it cannot keep, with a code for each reason", async (t) => {
  const dir = folder(t);
  await assert.rejects(openJournal({ dir, lanes: { samples: { evictable: true } } }), { code: "bad-option" });
  await assert.rejects(openJournal({ dir, lanes: { "../x": {} } }), { code: "bad-option" });
  const journal = await openJournal({ dir, lanes: { inbox: {} }, segmentBytes: 4096 });
  await assert.rejects(journal.append("outbox", record(1)), { code: "unknown-lane" });
  await assert.rejects(journal.append("inbox", record(4096)), { code: "too-large" });
  await assert.rejects(journal.append("inbox", record(1, Number.NaN)), { code: "bad-record" });
  await assert.rejects(journal.release("inbox", 1), { code: "beyond-end" });
  await journal.close();
  await assert.rejects(journal.append("inbox", record(1)), { code: "closed" });
});

test("releases durably, deletes whole released segments, and never counts backwards", async (t) => {
  const dir = folder(t);
  const options = { dir, lanes: { inbox: {} }, segmentBytes: 4096 };
  const journal = await openJournal(options);
  for (let at = 0; at < 40; at += 1) await journal.append("inbox", record(500));
  const before = readdirSync(join(dir, "segments", "inbox")).length;
  await journal.release("inbox", 30);
  assert.equal(journal.releasedUpTo("inbox"), 30);
  assert.ok(readdirSync(join(dir, "segments", "inbox")).length < before - 2);
  await journal.release("inbox", 10);
  assert.equal(journal.releasedUpTo("inbox"), 30);
  await journal.release("inbox", 40);
  await journal.close();
  const again = await openJournal(options);
  assert.deepEqual(await numbers(again, "inbox"), []);
  assert.deepEqual(again.stats().lanes, { inbox: { waiting: 0, waitingBytes: 0, evicted: 0 } });
  assert.deepEqual(await again.append("inbox", record(1)), { seq: 41 });
  await again.close();
});

test("makes the index again when it is lost or will not open, and sets the broken one aside", async (t) => {
  const dir = folder(t);
  const options = { dir, lanes: { inbox: {} }, segmentBytes: 4096 };
  const journal = await openJournal(options);
  for (let at = 0; at < 40; at += 1) await journal.append("inbox", record(500));
  await journal.release("inbox", 7);
  await journal.close();
  for (const harm of [() => rmSync(join(dir, "index"), { recursive: true }), () => breakIndex(join(dir, "index"))]) {
    harm();
    const again = await openJournal(options);
    assert.equal(again.recovery.rebuiltIndex, true);
    assert.deepEqual(await numbers(again, "inbox"), upTo(40).slice(7));
    await again.close();
  }
  assert.ok(readdirSync(dir).some((name) => name.startsWith("index.corrupt-")));
});

function breakIndex(path: string): void {
  for (const name of readdirSync(path).filter((name) => name.startsWith("MANIFEST")))
    writeFileSync(join(path, name), "");
}

test("goes on from its segments when both copies of its state are lost", async (t) => {
  const dir = folder(t);
  const options = { dir, lanes: { inbox: {} } };
  const journal = await openJournal(options);
  for (let at = 0; at < 5; at += 1) await journal.append("inbox", record(10));
  await journal.close();
  for (const name of ["state-a", "state-b"]) rmSync(join(dir, name));
  const again = await openJournal(options);
  assert.equal(again.epoch, journal.epoch);
  assert.deepEqual(await numbers(again, "inbox"), upTo(5));
  await again.close();
});

test("survives the loss of either copy of its state", async (t) => {
  const dir = folder(t);
  const options = { dir, lanes: { inbox: {} } };
  for (const [at, name] of ["state-a", "state-b"].entries()) {
    const journal = await openJournal(options);
    await journal.append("inbox", record(10));
    await journal.release("inbox", at + 1);
    await journal.close();
    const bytes = readFileSync(join(dir, name));
    writeFileSync(join(dir, name), bytes.subarray(0, bytes.length >> 1));
    const again = await openJournal(options);
    assert.deepEqual(await numbers(again, "inbox"), []);
    assert.equal(again.lastSeq("inbox"), at + 1);
    await again.close();
  }
});

test("evicts the least valuable first, oldest among equals, keeps reserves, and tells every gap on the control lane", async (t) => {
  const gaps: Gap[] = [];
  const lanes = { control: {}, sketches: { evictable: true, reserveBytes: 8192 }, samples: { evictable: true } };
  const onGap = (gap: Gap) => gaps.push(gap);
  const journal = await openJournal({
    dir: folder(t),
    lanes,
    quotaBytes: 64 * 1024,
    segmentBytes: 4096,
    encodeGap,
    onGap,
  });
  for (let at = 0; at < 8; at += 1) await journal.append("sketches", record(500, 0));
  for (let at = 0; at < 200; at += 1) await journal.append("samples", record(1000, at % 10));
  assert.deepEqual(await numbers(journal, "sketches"), upTo(8), "within its reserve nothing of a lane is evicted");
  const kept = await journal.read("samples", { after: 0, limit: 1e6, maxBytes: 1e9 });
  const least = Math.min(...kept.map(({ priority }) => priority));
  assert.ok(least >= 5, `kept a record of value ${least}`);
  assert.equal(kept.length + gaps.reduce((sum, { count }) => sum + count, 0), 200, "kept + told = appended");
  const told = await journal.read("control", { after: 0, limit: 1e6, maxBytes: 1e9 });
  assert.deepEqual(
    told.map(({ payload }) => JSON.parse(Buffer.from(payload).toString())),
    gaps,
  );
  const { diskBytes, lanes: stats } = journal.stats();
  assert.ok(diskBytes <= 68 * 1024, `${diskBytes} bytes on the disk`);
  assert.equal(stats.samples!.evicted, 200 - kept.length);
  await journal.close();
});

test("refuses a lane whose reserve is full, and takes records again after the caller halved what it holds", async (t) => {
  const lanes = { control: {}, audit: { reserveBytes: 32 * 1024 } };
  const journal = await openJournal({ dir: folder(t), lanes, quotaBytes: 1024 * 1024, segmentBytes: 4096, encodeGap });
  const fill = async (): Promise<number> => {
    for (let stored = 0; ; stored += 1) {
      const refused = await journal.append("audit", record(500)).then(
        () => undefined,
        (error: { code: string }) => error.code,
      );
      if (refused !== undefined) {
        assert.equal(refused, "lane-full");
        return stored;
      }
    }
  };
  const first = await fill();
  const evicted = await journal.evictWhere("audit", ({ seq }) => seq % 2 === 1, "halved");
  assert.equal(evicted, Math.ceil(first / 2));
  assert.ok((await numbers(journal, "audit")).every((seq) => seq % 2 === 0));
  assert.ok((await fill()) >= evicted - 8, "the disk of what was evicted is free again");
  const told = await journal.read("control", { after: 0, limit: 1e6, maxBytes: 1e9 });
  assert.equal(told.length, evicted);
  await journal.close();
});

test("finishes an eviction that was told but not carried out", async (t) => {
  const dir = folder(t);
  const options = { dir, lanes: { control: {}, samples: { evictable: true } }, encodeGap };
  const journal = await openJournal(options);
  for (let at = 0; at < 6; at += 1) await journal.append("samples", record(10));
  const path = join(dir, "segments", "samples", "0000000000000001.seg");
  const before = readFileSync(path);
  await journal.evictWhere("samples", ({ seq }) => seq === 2 || seq === 3, "test");
  await journal.close();
  writeFileSync(path, before);
  rmSync(join(dir, "index"), { recursive: true });
  const again = await openJournal(options);
  assert.deepEqual(await numbers(again, "samples"), [1, 4, 5, 6]);
  await again.close();
});

test("tells listeners what was stored until they leave", async (t) => {
  const journal = await openJournal({ dir: folder(t), lanes: { inbox: {} } });
  const heard: unknown[] = [];
  const leave = journal.onAppend((lane, lastSeq) => heard.push([lane, lastSeq]));
  await journal.append("inbox", record(1));
  leave();
  await journal.append("inbox", record(1));
  assert.deepEqual(heard, [["inbox", 1]]);
  assert.equal(existsSync(join(folder(t), "reserve")), false);
  await journal.close();
});
