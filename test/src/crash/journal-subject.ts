import { createHash } from "node:crypto";
import { type Journal, type LaneOptions, openJournal, type SyncPolicy } from "@fieldloop/edge-runtime/journal";

/** The lanes of a device, at the sync policy under test. */
export function deviceLanes(sync?: SyncPolicy): Record<string, LaneOptions> {
  return {
    control: { sync: sync ?? "each" },
    audit: { sync: sync ?? { withinMs: 20 }, reserveBytes: 64 * 1024 * 1024 },
    samples: { sync: sync ?? { withinMs: 20 }, evictable: true },
  };
}

/** Opens the journal that writer and checker share; small segments, so that rolling over is cut too. */
export function openSubject(dir: string, sync?: SyncPolicy): Promise<Journal> {
  return openJournal({
    dir,
    lanes: deviceLanes(sync),
    segmentBytes: 256 * 1024,
    encodeGap: (gap) => ({ kind: "gap", priority: 0, payload: Buffer.from(JSON.stringify(gap)) }),
  });
}

/** A payload that anyone can make again from its lane and its own number; 30 to 3,000 bytes. */
export function payloadOf(lane: string, count: number): Buffer {
  const seed = createHash("sha256").update(`${lane}/${count}`).digest();
  const head = Buffer.from(`${lane}/${count}/`);
  return Buffer.concat([head, Buffer.alloc(30 + (seed.readUInt16LE(0) % 3000), seed)]);
}

/** One line for each acknowledged append: "ack", lane, sequence number, and the digest of what it holds. */
export function acknowledgement(lane: string, seq: number, payload: Uint8Array): string {
  return `ack ${lane} ${seq} ${digest(payload)}\n`;
}

/** 16 hex digits of a payload's SHA-256. */
export function digest(payload: Uint8Array): string {
  return createHash("sha256").update(payload).digest("hex").slice(0, 16);
}

/** Acknowledged records that the journal does not hold, and acknowledged numbers given to two different records. */
export interface Verdict {
  readonly acknowledged: number;
  readonly found: number;
  readonly lost: readonly string[];
  readonly reused: readonly string[];
}

/** Opens the journal anew and lays what it holds beside what was acknowledged. */
export async function judge(dir: string, acknowledged: readonly string[]): Promise<Verdict> {
  const wanted = new Map<string, string>();
  const reused: string[] = [];
  for (const [, lane, seq, hash] of acknowledged.map((line) => line.split(" "))) {
    const name = `${lane} ${seq}`;
    if (wanted.has(name) && wanted.get(name) !== hash) reused.push(name);
    wanted.set(name, hash!);
  }
  const held = await contentOf(dir);
  const lost = [...wanted].filter(([name, hash]) => held.get(name) !== hash).map(([name]) => name);
  return { acknowledged: wanted.size, found: held.size, lost, reused };
}

/** Digests of everything the journal holds, by lane and number. */
export async function contentOf(dir: string): Promise<Map<string, string>> {
  const journal = await openSubject(dir);
  const held = new Map<string, string>();
  for (const lane of Object.keys(deviceLanes())) {
    for (let after = 0; ; ) {
      const records = await journal.read(lane, { after, limit: 500, maxBytes: 4 * 1024 * 1024 });
      if (records.length === 0) break;
      for (const { seq, payload } of records) held.set(`${lane} ${seq}`, digest(payload));
      after = records.at(-1)!.seq;
    }
  }
  await journal.close();
  return held;
}
