import assert from "node:assert/strict";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { type Gap, type Journal, type JournalRecord, openJournal } from "./index.ts";

const memoryOrTemp = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

type Kept = { readonly payload: Buffer; readonly priority: number; readonly order: number };

const lanes = {
  control: {},
  audit: { reserveBytes: 24 * 1024 },
  samples: { evictable: true, sync: { withinMs: 1 } },
  sketches: { evictable: true, sync: "none" },
} as const;
type LaneName = keyof typeof lanes;
const names = Object.keys(lanes) as LaneName[];

/** The naive twin of a journal: maps from number to record, and every gap that was told. */
class Model {
  readonly kept = new Map<LaneName, Map<number, Kept>>(names.map((name) => [name, new Map()]));
  readonly last = new Map<LaneName, number>(names.map((name) => [name, 0]));
  readonly gaps: Gap[] = [];
  appended = 0;

  add(lane: LaneName, seq: number, payload: Buffer, priority: number): void {
    assert.ok(seq > this.last.get(lane)!, `${lane} ${seq} was used before`);
    this.appended += 1;
    this.kept.get(lane)!.set(seq, { payload, priority, order: this.appended });
    this.last.set(lane, seq);
  }

  release(lane: LaneName, upTo: number): void {
    for (const seq of this.kept.get(lane)!.keys()) if (seq <= upTo) this.kept.get(lane)!.delete(seq);
  }

  /** Takes a told gap over; returns what it says was lost. */
  tell(gap: Gap): Kept[] {
    this.gaps.push(gap);
    const lane = this.kept.get(gap.lane as LaneName)!;
    const lost = [...lane].filter(([seq]) => seq >= gap.from && seq <= gap.to);
    for (const [seq] of lost) lane.delete(seq);
    this.last.set(gap.lane as LaneName, Math.max(this.last.get(gap.lane as LaneName)!, gap.to));
    return lost.map(([, kept]) => kept);
  }
}

const lane = fc.constantFrom(...names);
const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ do: fc.constant("append" as const), lane, bytes: fc.nat(1500), priority: fc.nat(3) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("burst" as const), lane, count: fc.integer({ min: 2, max: 30 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("release" as const),
      lane,
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("evict" as const),
      lane: fc.constantFrom("audit", "samples"),
      modulus: fc.integer({ min: 2, max: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reopen" as const), index: fc.constantFrom("keep", "delete") }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("crash" as const), index: fc.constantFrom("keep", "delete") }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("tear" as const), lane, bytes: fc.integer({ min: 1, max: 200 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("flip" as const),
      lane,
      at: fc.nat(),
      bit: fc.nat(7),
      index: fc.constantFrom("keep", "delete"),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class Run {
  dir: string;
  readonly root = mkdtempSync(join(memoryOrTemp, "fieldloop-journal-"));
  readonly model = new Model();
  #journal: Journal | undefined;
  #copies = 0;
  told: Gap[] = [];

  constructor() {
    this.dir = join(this.root, "0");
  }

  get journal(): Journal {
    assert.ok(this.#journal);
    return this.#journal;
  }

  async open(): Promise<void> {
    this.#journal = await openJournal({
      dir: this.dir,
      lanes,
      quotaBytes: 64 * 1024,
      segmentBytes: 4096,
      encodeGap: (gap) => ({ kind: "gap", priority: 0, payload: Buffer.from(JSON.stringify(gap)) }),
      onGap: (gap) => this.told.push(gap),
    });
  }

  async append(lane: LaneName, payload: Buffer, priority: number): Promise<void> {
    const stored = this.journal
      .append(lane, { kind: "x", at: 1, priority, payload })
      .catch((error: { code: string }) => {
        assert.ok(["lane-full", "quota-full"].includes(error.code), String(error));
        return undefined;
      });
    const result = await stored;
    await this.takeTold(async (lost) => this.#wasLeastValuable(lost));
    if (result !== undefined) this.model.add(lane, result.seq, payload, priority);
  }

  /** Applies gaps told since; the gap records themselves are records of the control lane. */
  async takeTold(check?: (lost: readonly Kept[]) => Promise<void> | void): Promise<number> {
    const gaps = this.told.splice(0);
    const lost = gaps.flatMap((gap) => this.model.tell(gap));
    await check?.(lost);
    if (gaps.length > 0) await this.#takeControl();
    return lost.length;
  }

  async #takeControl(): Promise<void> {
    const after = this.model.last.get("control")!;
    for (const record of await this.journal.read("control", { after, limit: 10_000, maxBytes: 1e9 })) {
      this.model.add("control", record.seq, Buffer.from(record.payload), record.priority);
    }
  }

  #wasLeastValuable(lost: readonly Kept[]): void {
    if (lost.length === 0) return;
    const left = (["samples", "sketches"] as const).flatMap((name) => [...this.model.kept.get(name)!.values()]);
    const most = lost.reduce((a, b) => (isLess(a, b) ? b : a));
    for (const kept of left) assert.ok(isLess(most, kept), `evicted ${most.priority} before ${kept.priority}`);
  }

  async crash(index: "keep" | "delete", harm?: () => void): Promise<void> {
    await this.journal.sync();
    await this.#takeControl();
    this.#copies += 1;
    const copy = join(this.root, String(this.#copies));
    cpSync(this.dir, copy, { recursive: true });
    await this.journal.close();
    rmSync(this.dir, { recursive: true });
    this.dir = copy;
    harm?.();
    if (index === "delete") rmSync(join(copy, "index"), { recursive: true, force: true });
    await this.open();
  }

  segments(lane: LaneName): string[] {
    const folder = join(this.dir, "segments", lane);
    return readdirSync(folder)
      .filter((name) => name.endsWith(".seg"))
      .toSorted()
      .map((name) => join(folder, name));
  }

  async check(): Promise<void> {
    for (const name of names) {
      const expected = this.model.kept.get(name)!;
      const found: JournalRecord[] = [];
      for (;;) {
        const more = await this.journal.read(name, { after: found.at(-1)?.seq ?? 0, limit: 17, maxBytes: 9000 });
        if (more.length === 0) break;
        found.push(...more);
      }
      assert.deepEqual(
        found.map(({ seq }) => seq),
        [...expected.keys()],
        `lane ${name}`,
      );
      for (const { seq, payload } of found) assert.ok(expected.get(seq)!.payload.equals(payload), `${name} ${seq}`);
      assert.equal(this.journal.stats().lanes[name]!.waiting, expected.size, `waiting of ${name}`);
    }
    const { diskBytes } = this.journal.stats();
    assert.ok(diskBytes <= 64 * 1024 + 4096 * 2, `disk ${diskBytes}`);
  }

  async end(): Promise<void> {
    await this.journal.close();
    rmSync(this.root, { recursive: true });
  }
}

function isLess(a: Kept, b: Kept): boolean {
  return a.priority < b.priority || (a.priority === b.priority && a.order < b.order);
}

async function take(run: Run, step: Step): Promise<void> {
  const { journal, model } = run;
  switch (step.do) {
    case "append":
      return run.append(step.lane, Buffer.alloc(step.bytes, model.appended), step.priority);
    case "burst":
      for (let at = 0; at < step.count; at += 1) await run.append(step.lane, Buffer.alloc(300, at), at % 4);
      return;
    case "release": {
      const upTo = Math.floor(journal.lastSeq(step.lane) * step.share);
      await journal.release(step.lane, upTo);
      return model.release(step.lane, upTo);
    }
    case "evict": {
      const name = step.lane as LaneName;
      const count = await journal.evictWhere(name, ({ seq }) => seq % step.modulus === 0, "halved");
      assert.equal(await run.takeTold(), count);
      return;
    }
    case "reopen":
      await journal.close();
      if (step.index === "delete") rmSync(join(run.dir, "index"), { recursive: true, force: true });
      await run.open();
      assert.equal(await run.takeTold(), 0, "a clean close loses nothing");
      return;
    case "crash":
      await run.crash(step.index);
      assert.equal(await run.takeTold(), 0, "a killed process loses nothing that was stored");
      return;
    case "tear":
      await run.crash("keep", () => tear(run.segments(step.lane).at(-1), step.bytes));
      await run.takeTold();
      return;
    case "flip": {
      await run.crash(step.index, () => flip(run.segments(step.lane), step.at, step.bit));
      const atOpening = await run.takeTold();
      await run.check().catch(() => undefined);
      assert.ok(atOpening + (await run.takeTold()) <= 1, "one flipped bit costs at most one record");
    }
  }
}

function tear(path: string | undefined, bytes: number): void {
  if (path === undefined) return;
  const content = readFileSync(path);
  writeFileSync(path, content.subarray(0, Math.max(64, content.length - bytes)));
}

function flip(paths: readonly string[], at: number, bit: number): void {
  const path = paths[at % Math.max(1, paths.length)];
  if (path === undefined) return;
  const content = readFileSync(path);
  const offset = at % content.length;
  content[offset] = content[offset]! ^ (1 << bit);
  writeFileSync(path, content);
}

test("holds what a naive model holds, whatever is appended, released, evicted, cut, torn or flipped", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
      const run = new Run();
      await run.open();
      for (const each of steps) {
        await take(run, each);
        if (each.do !== "append") await run.check();
      }
      await run.check();
      await run.end();
    }),
    {
      numRuns: Number(process.env.JOURNAL_RUNS ?? 40),
      seed: Number(process.env.JOURNAL_SEED ?? 20260806),
      endOnFailure: true,
    },
  );
});
