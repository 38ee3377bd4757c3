import type { Receipt } from "@fieldloop/devices";
import type { Journal } from "@fieldloop/edge-runtime/journal";
import type { BlobStore } from "../blobs/blob-store.ts";
import { decodeArrival } from "../inbox/arrival.ts";
import type { LaneStep } from "../inbox/drain.ts";
import { writeDrainCursor } from "../inbox/drain-cursor.ts";
import type { Db } from "../storage/db.ts";
import { IngestBatch } from "./ingest-batch.ts";
import { type ParsedArrival, parseArrival } from "./parsed-arrival.ts";
import { ReleaseHeadsCache } from "./release-heads.ts";

/** The most journal records that one transaction takes in; one envelope may go beyond. */
export const batchRecords = 500;
const batchBytes = 8 * 1024 * 1024;
const blobsAtOnce = 16;

/** onStored: what may be acknowledged to devices, called after the commit */
export interface IngestDrainOptions {
  readonly journal: Journal;
  readonly db: Db;
  readonly blobs: BlobStore;
  readonly clock: () => number;
  readonly onStored: (receipts: readonly Receipt[]) => void;
}

/** Moves arrivals into the tables: blobs first, then rows, cursors and the drain's own cursor in one transaction. */
export function ingestDrain({ journal, db, blobs, clock, onStored }: IngestDrainOptions): LaneStep {
  const heads = new ReleaseHeadsCache();
  return async (after) => {
    const read = await journal.read("ingest", { after, limit: 256, maxBytes: batchBytes });
    if (read.length === 0) return after;
    const { arrivals, upTo } = firstRecords(read);
    await storeBlobs(blobs, arrivals);
    const receipts = await db.tx(async (session) => {
      const given = await new IngestBatch(session, heads, clock()).write(arrivals);
      await writeDrainCursor(session, { lane: "ingest", epoch: journal.epoch, upTo, at: clock() });
      return given;
    });
    if (receipts.length > 0) onStored(receipts);
    return upTo;
  };
}

function firstRecords(read: Awaited<ReturnType<Journal["read"]>>) {
  const arrivals: ParsedArrival[] = [];
  let count = 0;
  let upTo = 0;
  for (const record of read) {
    if (count >= batchRecords) break;
    const parsed = parseArrival(decodeArrival(record));
    arrivals.push(parsed);
    count += parsed.kind === "records" ? parsed.records.length : 1;
    upTo = record.seq;
  }
  return { arrivals, upTo };
}

/** A sample counts as stored when its blob is, so these are on the disk before the transaction begins. */
async function storeBlobs(blobs: BlobStore, arrivals: readonly ParsedArrival[]): Promise<void> {
  const images = arrivals.flatMap((parsed) =>
    parsed.kind !== "records"
      ? []
      : parsed.records.flatMap(({ content }) => (content?.kind === "sample" ? [content.body.image.bytes] : [])),
  );
  for (let at = 0; at < images.length; at += blobsAtOnce) {
    await Promise.all(images.slice(at, at + blobsAtOnce).map((bytes) => blobs.put(bytes)));
  }
}
