import { join } from "node:path";
import { encodeMessage, type Lane } from "@fieldloop/devices";
import { EdgeRuntimeError } from "../errors.ts";
import {
  type Gap,
  type Journal,
  JournalError,
  type JournalFs,
  type LaneOptions,
  openJournal,
} from "../journal/index.ts";
import { LastingJournal } from "./lasting-journal.ts";

/** How much disk a device's journal may take. */
export interface JournalLimits {
  /** All lanes together; 2 GiB unless said otherwise. */
  readonly quotaBytes?: number;
  /** The audit lane's own reserve, at which its rate is halved; an eighth of the quota unless said otherwise. */
  readonly auditReserveBytes?: number;
  /** Left free on the disk for everybody else; 256 MiB unless said otherwise. */
  readonly freeSpaceFloorBytes?: number;
  readonly segmentBytes?: number;
  /** The file system's calls, where a test wants to make them fail. */
  readonly fs?: JournalFs;
}

/**
 * Opens the journal of a device's data folder, which also locks the folder.
 * @throws {EdgeRuntimeError} `folder-in-use` · @throws {JournalError} as `openJournal` does
 */
export async function openDeviceJournal(
  dir: string,
  limits: JournalLimits = {},
  clock: () => number = Date.now,
): Promise<Journal> {
  const { quotaBytes = 2 * 1024 ** 3, freeSpaceFloorBytes = 256 * 1024 ** 2, segmentBytes, fs } = limits;
  const { auditReserveBytes = Math.floor(quotaBytes / 8) } = limits;
  const options = {
    dir: join(dir, "journal"),
    lanes: lanesOf(quotaBytes, auditReserveBytes),
    quotaBytes,
    freeSpaceFloorBytes,
    segmentBytes,
    encodeGap,
    clock,
    fs,
  };
  try {
    return await LastingJournal.open(() => openJournal(options));
  } catch (cause) {
    if (!(cause instanceof JournalError && cause.code === "already-open")) throw cause;
    throw new EdgeRuntimeError(
      "folder-in-use",
      `Expected ${dir} to be free, but another fieldloop runtime works in it; stop that one or use another data folder.`,
      { cause },
    );
  }
}

function lanesOf(quotaBytes: number, auditReserveBytes: number): Record<Lane, LaneOptions> {
  return {
    control: { sync: "each", reserveBytes: Math.floor(quotaBytes / 16) },
    audit: { sync: { withinMs: 200 }, reserveBytes: auditReserveBytes },
    samples: { sync: { withinMs: 200 }, evictable: true },
    predictions: { sync: { withinMs: 1000 }, evictable: true },
    sketches: { sync: { withinMs: 1000 }, evictable: true },
  };
}

function encodeGap({ lane, from, to, count, reason }: Gap) {
  // Lanes of this journal are those of `lanesOf`.
  const payload = encodeMessage("gap", { v: 1, lane: lane as Lane, from, to, count, reason });
  return { kind: "gap", priority: 1, payload };
}
