import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Level } from "level";
import type { SyncPolicy } from "./journal.ts";
import { openJournal } from "./open-journal.ts";

/** Records stored per second in one case, journal and plain Level interleaved; medians over `rounds`. n: records per round */
export interface JournalFigure {
  readonly id: string;
  readonly what: string;
  readonly value: number;
  readonly unit: "records/s";
  readonly n: number;
}

interface Case {
  readonly id: string;
  readonly bytes: number;
  readonly records: number;
  readonly sync: boolean;
}

const cases: readonly Case[] = [
  { id: "1kb-synced", bytes: 1_000, records: 2_000, sync: true },
  { id: "1kb-unsynced", bytes: 1_000, records: 20_000, sync: false },
  { id: "50kb-synced", bytes: 50_000, records: 800, sync: true },
  { id: "50kb-unsynced", bytes: 50_000, records: 2_000, sync: false },
];

type Store = (payload: Uint8Array, at: number) => Promise<unknown>;

/**
 * Measures appends of 1 kB and 50 kB, synced and unsynced, beside plain Level on the same disk.
 * inFlight: appends awaited at a time (default 8) · rounds: default 3
 */
export async function measureJournal({ inFlight = 8, rounds = 3 } = {}): Promise<JournalFigure[]> {
  const figures: JournalFigure[] = [];
  for (const each of cases) {
    const rates: Record<"journal" | "level", number[]> = { journal: [], level: [] };
    for (let round = 0; round < rounds; round += 1) {
      rates.journal.push(await withFolder((dir) => measureSegments(dir, each, inFlight)));
      rates.level.push(await withFolder((dir) => measureLevel(dir, each, inFlight)));
    }
    for (const [subject, found] of Object.entries(rates)) {
      const what = `${subject}: ${each.bytes} B records, ${each.sync ? "synced" : "unsynced"}, ${inFlight} in flight`;
      figures.push({ id: `${subject}-${each.id}`, what, value: median(found), unit: "records/s", n: each.records });
    }
  }
  return figures;
}

async function withFolder<T>(use: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), "fieldloop-measure-"));
  return use(dir).finally(() => rm(dir, { recursive: true, force: true }));
}

async function measureSegments(dir: string, { bytes, records, sync }: Case, inFlight: number): Promise<number> {
  const policy: SyncPolicy = sync ? "each" : "none";
  const journal = await openJournal({ dir, lanes: { lane: { sync: policy } } });
  const rate = await perSecond({ bytes, records, inFlight }, (payload, at) =>
    journal.append("lane", { kind: "x", at, priority: 0, payload }),
  );
  await journal.close();
  return rate;
}

async function measureLevel(dir: string, { bytes, records, sync }: Case, inFlight: number): Promise<number> {
  const db = new Level<string, Uint8Array>(dir, { valueEncoding: "view", compression: false });
  await db.open();
  const rate = await perSecond({ bytes, records, inFlight }, (payload, at) =>
    db.put(String(at).padStart(16, "0"), payload, { sync }),
  );
  await db.close();
  return rate;
}

async function perSecond(
  { bytes, records, inFlight }: { readonly bytes: number; readonly records: number; readonly inFlight: number },
  store: Store,
): Promise<number> {
  const payload = Buffer.alloc(bytes, 7);
  let next = 0;
  const started = performance.now();
  const worker = async (): Promise<void> => {
    while (next < records) await store(payload, next++);
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return records / ((performance.now() - started) / 1000);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
