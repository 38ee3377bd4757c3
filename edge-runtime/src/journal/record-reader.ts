import type { JournalRecord } from "./journal.ts";
import { readFully } from "./journal-fs.ts";
import type { Lane } from "./lane.ts";
import { decodeRecord, type PlacedRecord } from "./record-format.ts";
import type { Entry } from "./record-index.ts";
import type { SegmentFolder } from "./segment-file.ts";

const largestHoleBytes = 64 * 1024;
const largestReadBytes = 8 * 1024 * 1024;

/** Reads the records that `entries` name, neighbours in one read; `missing` are those not there as named. */
export async function readEntries(
  folder: SegmentFolder,
  lane: Lane,
  entries: readonly Entry[],
): Promise<{ readonly records: JournalRecord[]; readonly missing: readonly Entry[] }> {
  const records: JournalRecord[] = [];
  const missing: Entry[] = [];
  for (const run of runs(entries)) {
    const segment = lane.segments.find(({ first }) => first === run[0]!.segment);
    if (segment === undefined) {
      missing.push(...run);
      continue;
    }
    const start = run[0]!.offset;
    const file = await folder.openForReading(segment);
    try {
      const bytes = await readFully(file, start, run.at(-1)!.offset + run.at(-1)!.size - start);
      for (const entry of run) {
        const record = decodeRecord(bytes, entry.offset - start, folder.seed(lane.name));
        if (record?.seq === entry.seq) records.push(asRecord(lane.name, record));
        else missing.push(entry);
      }
    } finally {
      await file.close();
    }
  }
  return { records, missing };
}

function runs(entries: readonly Entry[]): Entry[][] {
  const all: Entry[][] = [];
  for (const entry of entries) {
    const run = all.at(-1);
    if (run !== undefined && continues(run, entry)) run.push(entry);
    else all.push([entry]);
  }
  return all;
}

function continues(run: readonly Entry[], entry: Entry): boolean {
  const last = run.at(-1)!;
  const hole = entry.offset - (last.offset + last.size);
  if (entry.segment !== last.segment || hole < 0 || hole > largestHoleBytes) return false;
  return entry.offset + entry.size - run[0]!.offset <= largestReadBytes;
}

function asRecord(lane: string, { seq, kind, at, priority, payload }: PlacedRecord): JournalRecord {
  return { lane, seq, kind, at, priority, payload };
}
