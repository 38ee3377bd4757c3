import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { FaultyFs } from "./faulty-fs.ts";
import { type Gap, type Journal, JournalError, type JournalOptions, openJournal } from "./index.ts";

const record = (bytes: number, priority = 0) => ({ kind: "x", at: 1, priority, payload: Buffer.alloc(bytes, 7) });
const encodeGap = (gap: Gap) => ({ kind: "gap", priority: 0, payload: Buffer.from(JSON.stringify(gap)) });

/** Faults are injected above the disk, so memory serves as well and is faster. */
const place = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(place, "fieldloop-faults-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

async function contents(journal: Journal, lane: string): Promise<number[]> {
  return (await journal.read(lane, { after: 0, limit: 1e6, maxBytes: 1e9 })).map(({ seq }) => seq);
}

test("syncs the segment before an append resolves, and only where the policy says so", async (t) => {
  const fs = new FaultyFs();
  const journal = await openJournal({
    dir: folder(t),
    lanes: { each: {}, soon: { sync: { withinMs: 30 } }, none: { sync: "none" } },
    fs,
  });
  for (const lane of ["each", "soon", "none"]) await journal.append(lane, record(10));
  const before = fs.count("datasync");
  await journal.append("each", record(10));
  assert.equal(fs.count("datasync"), before + 1);
  const started = performance.now();
  await Promise.all([1, 2, 3].map(() => journal.append("soon", record(10))));
  assert.ok(performance.now() - started >= 25, "three appends share one later sync");
  assert.equal(fs.count("datasync"), before + 2);
  await journal.append("none", record(10));
  assert.equal(fs.count("datasync"), before + 2, "negative control: without a policy to sync nothing is synced");
  await journal.close();
});

test("shares one write and one sync among all that was queued meanwhile", async (t) => {
  const fs = new FaultyFs();
  const journal = await openJournal({ dir: folder(t), lanes: { inbox: {} }, fs });
  await journal.append("inbox", record(10));
  const before = fs.calls.length;
  const stored = await Promise.all(Array.from({ length: 500 }, () => journal.append("inbox", record(100))));
  assert.deepEqual(
    stored.map(({ seq }) => seq),
    Array.from({ length: 500 }, (_, at) => at + 2),
  );
  assert.ok(fs.calls.length - before <= 4, `${fs.calls.length - before} calls`);
  await journal.close();
});

test("refuses appends after a failed sync until it is reopened, and keeps what was acknowledged", async (t) => {
  const fs = new FaultyFs();
  const options = { dir: folder(t), lanes: { control: {}, samples: {} }, fs };
  const journal = await openJournal(options);
  await journal.append("control", record(10));
  fs.fail = ({ operation, path }) => (operation === "datasync" && path.includes("control") ? "EIO" : undefined);
  await assert.rejects(journal.append("control", record(10)), { code: "write-failed" });
  fs.fail = () => undefined;
  await assert.rejects(journal.append("control", record(10)), { code: "write-failed" });
  await assert.rejects(journal.append("samples", record(10)), { code: "write-failed" });
  await journal.close();
  const again = await openJournal(options);
  assert.deepEqual(await contents(again, "control"), [1]);
  assert.deepEqual(await again.append("control", record(10)), { seq: 2 });
  await again.close();
});

test("refuses an append on a full disk, keeps the rest, and accepts again when there is room", async (t) => {
  const fs = new FaultyFs();
  const dir = folder(t);
  const journal = await openJournal({ dir, lanes: { inbox: {} }, fs });
  await journal.append("inbox", record(100));
  fs.fail = ({ operation }) => (operation === "write" ? "ENOSPC" : undefined);
  await assert.rejects(journal.append("inbox", record(100)), { code: "disk-full" });
  fs.fail = () => undefined;
  assert.deepEqual(await journal.append("inbox", record(100)), { seq: 2 });
  assert.deepEqual(await contents(journal, "inbox"), [1, 2]);
  await journal.close();
});

function deviceOptions(dir: string, fs: FaultyFs, more: Partial<JournalOptions> = {}): JournalOptions {
  const lanes = { control: {}, samples: { evictable: true } };
  return { dir, lanes, segmentBytes: 4096, encodeGap, fs, ...more };
}

test("gives up the reserve on a full disk, so that control records and gaps still fit", async (t) => {
  const fs = new FaultyFs();
  const dir = folder(t);
  const gaps: Gap[] = [];
  const journal = await openJournal(deviceOptions(dir, fs, { onGap: (gap) => gaps.push(gap) }));
  for (let at = 0; at < 40; at += 1) await journal.append("samples", record(500, at % 2));
  assert.equal(statSync(join(dir, "reserve")).size, 4 * 1024 * 1024);
  fs.fail = ({ operation, path }) =>
    operation === "write" && path.includes("segments") && fs.count("unlink", "reserve") === 0 ? "ENOSPC" : undefined;
  await journal.append("control", record(100));
  assert.equal(fs.count("unlink", "reserve"), 1);
  assert.ok(gaps.length > 0 && gaps.every(({ reason }) => reason === "disk-full"));
  const told = await journal.read("control", { after: 0, limit: 1000, maxBytes: 1e9 });
  assert.deepEqual(
    told.filter(({ kind }) => kind === "gap").map(({ payload }) => JSON.parse(Buffer.from(payload).toString())),
    gaps,
  );
  await journal.append("samples", record(500));
  assert.equal(statSync(join(dir, "reserve")).size, 4 * 1024 * 1024, "made again once there is room");
  await journal.close();
});

test("keeps a floor of free space on the disk by evicting, and refuses when nothing is left to evict", async (t) => {
  const fs = new FaultyFs();
  fs.freeBytes = 1e9;
  const journal = await openJournal(
    deviceOptions(folder(t), fs, { freeSpaceFloorBytes: 1e8, segmentBytes: 512 * 1024 }),
  );
  for (let at = 0; at < 30; at += 1) await journal.append("samples", record(100_000));
  fs.freeBytes = 1e7;
  const unlinks = fs.count("unlink");
  const appends = Array.from({ length: 20 }, () => journal.append("samples", record(100_000)));
  const refused = (await Promise.allSettled(appends)).filter(({ status }) => status === "rejected");
  assert.ok(refused.length > 0);
  for (const each of refused) assert.equal((each as PromiseRejectedResult).reason.code, "disk-full");
  assert.ok(fs.count("unlink") > unlinks);
  assert.ok((await journal.append("control", record(10))).seq > 0, "control records are still taken");
  fs.freeBytes = 1e9;
  await journal.append("samples", record(100));
  await journal.close();
});

test("loses nothing acknowledged whichever file system call fails", async (t) => {
  const stride = Number(process.env.FAULT_STRIDE ?? 7);
  for (const code of ["ENOSPC", "EIO"]) {
    let nth = code === "EIO" ? 1 : 3;
    for (let reached = true; reached; nth += stride) reached = await surviveFault(folder(t), code, nth);
    assert.ok(nth > 60, `only ${nth} calls were reached`);
  }
});

const isOurs = (error: unknown): void => assert.ok(error instanceof JournalError, String(error));

/** One short life of a journal with its nth call failing; says whether the life was long enough to reach it. */
async function surviveFault(dir: string, code: string, nth: number): Promise<boolean> {
  const fs = new FaultyFs();
  fs.fail = (_, count) => (count === nth ? code : undefined);
  const gaps: Gap[] = [];
  const options = deviceOptions(dir, fs, { quotaBytes: 24 * 1024, onGap: (gap) => gaps.push(gap) });
  const acknowledged: number[] = [];
  const journal = await openJournal(options).catch(() => undefined);
  if (journal !== undefined) {
    for (let at = 0; at < 45; at += 1) {
      await journal.append("samples", record(600, at % 3)).then(({ seq }) => acknowledged.push(seq), isOurs);
      if (at === 15) await journal.release("samples", 3).catch(() => undefined);
    }
    await journal.close().catch(() => undefined);
  }
  const reached = fs.calls.length >= nth;
  fs.fail = () => undefined;
  const again = await openJournal(options);
  const held = new Set(await contents(again, "samples"));
  const isTold = (seq: number) => gaps.some(({ lane, from, to }) => lane === "samples" && seq >= from && seq <= to);
  const missing = acknowledged.filter((seq) => seq > again.releasedUpTo("samples") && !held.has(seq) && !isTold(seq));
  assert.deepEqual(missing, [], `${code} at call ${nth}: ${JSON.stringify(fs.calls[nth - 1])}`);
  assert.equal(new Set(acknowledged).size, acknowledged.length);
  await again.append("samples", record(10));
  await again.close();
  assert.deepEqual(
    readdirSync(join(dir, "segments", "samples")).filter((name) => name.endsWith(".tmp")),
    [],
  );
  return reached;
}
