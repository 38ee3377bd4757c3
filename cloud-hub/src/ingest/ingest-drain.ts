import type { Receipt } from "@fieldloop/devices";
import type { Journal } from "@fieldloop/edge-runtime/journal";
import type { BlobStore } from "../blobs/blob-store.ts";
import { HubError } from "../errors.ts";
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
  const write = async (arrivals: readonly ParsedArrival[], upTo: number): Promise<void> => {
    const receipts = await db.tx(async (session) => {
      const given = await new IngestBatch(session, heads, clock()).write(arrivals);
      await writeDrainCursor(session, { lane: "ingest", epoch: journal.epoch, upTo, at: clock() });
      return given;
    });
    if (receipts.length > 0) onStored(receipts);
  };
  return async (after) => {
    const read = await journal.read("ingest", { after, limit: 256, maxBytes: batchBytes });
    if (read.length === 0) return after;
    const batch = firstRecords(read);
    await storeBlobs(
      blobs,
      batch.map(({ parsed }) => parsed),
    );
    const upTo = batch.at(-1)!.seq;
    try {
      await write(
        batch.map(({ parsed }) => parsed),
        upTo,
      );
    } catch (error) {
      if (!isRefusal(error)) throw error;
      for (const { parsed, seq } of batch) await writeAlone(parsed, seq, write);
    }
    return upTo;
  };
}

/** One message that the tables refuse is put aside whole, so that it stops no other; its device is not told it was stored. */
async function writeAlone(
  parsed: ParsedArrival,
  seq: number,
  write: (arrivals: readonly ParsedArrival[], upTo: number) => Promise<void>,
): Promise<void> {
  try {
    await write([parsed], seq);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const fault = { code: "unstorable", reason: error.message } as const;
    await write([{ arrival: parsed.arrival, kind: "refused", fault }], seq);
  }
}

function isRefusal(error: unknown): error is HubError {
  return error instanceof HubError && error.code === "sql-failed";
}

function firstRecords(read: Awaited<ReturnType<Journal["read"]>>): { parsed: ParsedArrival; seq: number }[] {
  const batch: { parsed: ParsedArrival; seq: number }[] = [];
  let count = 0;
  for (const record of read) {
    if (count >= batchRecords) break;
    const parsed = parseArrival(decodeArrival(record));
    batch.push({ parsed, seq: record.seq });
    count += parsed.kind === "records" ? parsed.records.length : 1;
  }
  return batch;
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
