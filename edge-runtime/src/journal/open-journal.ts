import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { DurableJournal } from "./durable-journal.ts";
import { JournalError, systemCode } from "./errors.ts";
import type { Gap, Journal, JournalOptions } from "./journal.ts";
import { type JournalFs, readWhole, realFs, syncFolder } from "./journal-fs.ts";
import { RecordIndex } from "./record-index.ts";
import { type RecoveredLane, recoverLane, settleTail } from "./recovery.ts";
import { decodeHeader, SegmentFolder } from "./segment-file.ts";
import { StateFile } from "./state-file.ts";

const defaultSegmentBytes = 8 * 1024 * 1024;

/**
 * Opens the journal in a folder, or makes it: recovers from whatever a crash left and tells what could not be kept.
 * @throws {JournalError} `already-open`, `bad-option`, `unreadable`, `disk-full`, `write-failed`
 */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  checkOptions(options);
  const { dir, lanes, fs = realFs } = options;
  const names = Object.keys(lanes);
  await makeFolders(fs, dir, names);
  const evictable = new Set(names.filter((name) => lanes[name]!.evictable === true));
  const { index, fresh } = await RecordIndex.open(dir, evictable);
  try {
    const state = await openState(fs, dir, names, options.random ?? randomBytes);
    const folder = new SegmentFolder(fs, join(dir, "segments"), state.state.epoch);
    const unsynced = new Set(names.filter((name) => lanes[name]!.sync === "none"));
    const parts = { fs, folder, index, state, unsynced, freshIndex: fresh };
    const recovered = new Map<string, RecoveredLane>();
    for (const name of names) recovered.set(name, await recoverLane(name, parts));
    const found = [...recovered.values()].flatMap(({ gaps }) => gaps);
    state.state.untold.push(...found);
    state.state.clean = false;
    await state.save();
    for (const { segments } of recovered.values()) if (segments.length > 0) await settleTail(segments.at(-1)!, parts);
    const journal = new DurableJournal({
      options,
      parts,
      segmentBytes: options.segmentBytes ?? defaultSegmentBytes,
      recovered,
      recovery: report([...recovered.values()], found, fresh),
    });
    await journal.finishRecovery(recovered);
    return journal;
  } catch (error) {
    await index.close();
    throw error;
  }
}

function report(lanes: readonly RecoveredLane[], found: readonly Gap[], rebuiltIndex: boolean) {
  return {
    truncatedBytes: lanes.reduce((sum, lane) => sum + lane.truncatedBytes, 0),
    damaged: found.filter(({ reason }) => reason === "damaged"),
    rebuiltIndex,
    scannedSegments: lanes.reduce((sum, lane) => sum + lane.scanned, 0),
  };
}

function checkOptions({ lanes, encodeGap, quotaBytes, segmentBytes }: JournalOptions): void {
  const refuse = (message: string): never => {
    throw new JournalError("bad-option", message);
  };
  const names = Object.keys(lanes);
  const bad = names.find((name) => !/^[a-z][a-z0-9-]{0,26}$/.test(name));
  if (bad !== undefined)
    refuse(`Expected lane names of at most 27 lower-case letters, digits and hyphens, but got "${bad}".`);
  if (names.length === 0) refuse("Expected at least one lane, but got none.");
  if (
    names.some((name) => lanes[name]!.evictable === true) &&
    (encodeGap === undefined || !names.includes("control"))
  ) {
    refuse('Expected a lane "control" and encodeGap beside an evictable lane, so that every eviction is told.');
  }
  if (lanes.control?.evictable === true) refuse('Expected lane "control" not to be evictable: it tells the evictions.');
  const reserves = names.reduce((sum, name) => sum + (lanes[name]!.reserveBytes ?? 0), 0);
  if (quotaBytes !== undefined && reserves >= quotaBytes) {
    refuse(`Expected reserves of less than the quota of ${quotaBytes} bytes, but they add up to ${reserves}.`);
  }
  if (segmentBytes !== undefined && !(segmentBytes >= 1024))
    refuse(`Expected segmentBytes ≥ 1024, but got ${segmentBytes}.`);
}

async function makeFolders(fs: JournalFs, dir: string, lanes: readonly string[]): Promise<void> {
  const segments = join(dir, "segments");
  for (const lane of lanes) await fs.mkdir(join(segments, lane), { recursive: true });
  for (const path of [segments, dir, join(dir, "..")]) await syncFolder(fs, path);
}

async function openState(
  fs: JournalFs,
  dir: string,
  lanes: readonly string[],
  random: (bytes: number) => Uint8Array,
): Promise<StateFile> {
  const epoch = (await epochOfSegments(fs, dir, lanes)) ?? Buffer.from(random(8)).toString("hex");
  return (await StateFile.open(fs, dir, epoch)).file;
}

/** Where both copies of the state are lost, the segments still say which epoch theirs is. */
async function epochOfSegments(fs: JournalFs, dir: string, lanes: readonly string[]): Promise<string | undefined> {
  for (const lane of lanes) {
    const folder = join(dir, "segments", lane);
    for (const name of (await fs.readdir(folder)).filter((name) => name.endsWith(".seg"))) {
      const header = decodeHeader(await readHead(fs, join(folder, name)));
      if (header !== undefined) return header.epoch;
    }
  }
  return undefined;
}

async function readHead(fs: JournalFs, path: string): Promise<Buffer> {
  try {
    return await readWhole(fs, path);
  } catch (error) {
    throw new JournalError("unreadable", `Expected to read ${path}, but got ${systemCode(error) ?? error}.`, {
      cause: error,
    });
  }
}
