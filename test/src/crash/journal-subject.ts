import { createHash } from "node:crypto";
import {
  type Gap,
  type Journal,
  type JournalRecord,
  type LaneOptions,
  openJournal,
  type SyncPolicy,
} from "@fieldloop/edge-runtime/journal";

/** The lanes of a device, at the sync policy under test. */
export function deviceLanes(sync?: SyncPolicy): Record<string, LaneOptions> {
  return {
    control: { sync: sync ?? "each" },
    audit: { sync: sync ?? { withinMs: 20 }, reserveBytes: 512 * 1024 },
    samples: { sync: sync ?? { withinMs: 20 }, evictable: true },
  };
}

/** Opens the journal that writer and checker share; small segments and quota, so that rolling, evicting and rewriting are cut too. */
export function openSubject(dir: string, sync?: SyncPolicy): Promise<Journal> {
  return openJournal({
    dir,
    lanes: deviceLanes(sync),
    segmentBytes: 64 * 1024,
    quotaBytes: 2 * 1024 * 1024,
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

/** What a journal accounts for: `held NAME DIGEST` for each record, `gone LANE FROM TO` for what was released or told as evicted. */
export async function accountOf(dir: string): Promise<string[]> {
  const journal = await openSubject(dir);
  const lines: string[] = [];
  for (const lane of Object.keys(deviceLanes())) {
    lines.push(`gone ${lane} 1 ${journal.releasedUpTo(lane)}`);
    for (let after = 0; ; ) {
      const records = await journal.read(lane, { after, limit: 500, maxBytes: 4 * 1024 * 1024 });
      if (records.length === 0) break;
      lines.push(...records.flatMap(account));
      after = records.at(-1)!.seq;
    }
  }
  await journal.close();
  return lines;
}

function account({ lane, seq, kind, payload }: JournalRecord): string[] {
  const held = `held ${lane} ${seq} ${digest(payload)}`;
  if (kind !== "gap") return [held];
  // Written by openSubject above.
  const gap = JSON.parse(Buffer.from(payload).toString()) as Gap;
  return gap.reason === "quota" ? [held, `gone ${gap.lane} ${gap.from} ${gap.to}`] : [held];
}
