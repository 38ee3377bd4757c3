import { readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { DurableFiles } from "./durable-files.ts";
import type { RefusalCode } from "./refusal.ts";

/** The two places a release can lie in. */
export type SlotName = "a" | "b";

/** What a slot holds; only `good` is fallen back to. */
export type Slot =
  | { readonly state: "empty" }
  | { readonly state: "staged" | "bad"; readonly release: string; readonly number: number }
  | { readonly state: "good"; readonly release: string; readonly number: number }
  | { readonly state: "trial"; readonly release: string; readonly number: number; readonly starts: number };

/** A release that failed here with this engine and is not tried again. */
export interface BannedRelease {
  readonly release: string;
  readonly engine: string;
  readonly code: RefusalCode;
  readonly reason: string;
}

/**
 * What a device must remember about its releases.
 * owner: the hub key, fleet and device this state belongs to · seen: the highest desired-state number that the hub signed
 */
export interface SlotState {
  readonly v: 1;
  readonly owner: string;
  readonly generation: number;
  readonly seen: number;
  readonly current: SlotName | null;
  readonly slots: Readonly<Record<SlotName, Slot>>;
  readonly banned: readonly BannedRelease[];
}

const halfBytes = 32 * 1024;
const fileName = "state.json";

/** The state of a device that never had a release. */
export function freshState(owner: string): SlotState {
  return {
    v: 1,
    owner,
    generation: 0,
    seen: 0,
    current: null,
    slots: { a: { state: "empty" }, b: { state: "empty" } },
    banned: [],
  };
}

/** Says whether a slot's release may be started. */
export function isRunnable(slot: Slot): slot is Extract<Slot, { state: "good" | "trial" }> {
  return slot.state === "good" || slot.state === "trial";
}

/** The good slot with the highest number, null where none is good. */
export function lastGood({ slots }: Pick<SlotState, "slots">): SlotName | null {
  const { a, b } = slots;
  if (a.state === "good" && b.state === "good") return a.number >= b.number ? "a" : "b";
  if (a.state === "good") return "a";
  return b.state === "good" ? "b" : null;
}

/** A state kept on disk so that a crash at any moment leaves the old one or the new one. */
export interface StateFile {
  readonly state: SlotState;
  /** Changes the state; resolves once the change is on the disk, and leaves the old state when it cannot be. */
  update(change: (state: SlotState) => Partial<SlotState>): Promise<void>;
}

/**
 * Opens `state.json` in a folder: two lines of fixed length, each a whole state with its checksum, written in turn.
 * owner: a state of another owner is replaced by a fresh one · rebuild: gives the state when neither line can be read;
 * the damaged file is kept as `state.json.damaged`
 */
export async function openStateFile(
  dir: string,
  files: DurableFiles,
  owner: string,
  rebuild: () => Promise<SlotState>,
): Promise<StateFile> {
  const path = join(dir, fileName);
  const bytes = await readFile(path).catch(ignoreMissing);
  const halves = bytes === undefined ? [] : [decodeHalf(bytes, 0), decodeHalf(bytes, 1)];
  const newest = halves.filter((half) => half !== undefined).sort((x, y) => y.generation - x.generation)[0];
  let state = newest?.owner === owner ? newest : undefined;
  if (state === undefined) {
    const isDamaged = bytes !== undefined && newest === undefined;
    state = isDamaged ? await rebuild() : freshState(owner);
    if (isDamaged) await rename(path, `${path}.damaged`);
    await files.replace(path, Buffer.concat([encodeHalf(state), encodeHalf(state)]));
  }
  return stateFile(path, files, state);
}

function stateFile(path: string, files: DurableFiles, opened: SlotState): StateFile {
  let state = opened;
  let turn: Promise<void> = Promise.resolve();
  return {
    get state() {
      return state;
    },
    update(change) {
      const written = turn.then(async () => {
        const next = { ...state, ...change(state), generation: state.generation + 1 };
        await files.overwrite(path, (next.generation % 2) * halfBytes, encodeHalf(next));
        state = next;
      });
      turn = written.catch(() => undefined);
      return written;
    },
  };
}

function encodeHalf(state: SlotState): Uint8Array {
  const text = JSON.stringify(state);
  const line = JSON.stringify({ crc32: crc32(text), state });
  const half = Buffer.alloc(halfBytes, " ");
  half.write(line, 0, "utf8");
  half.write("\n", halfBytes - 1);
  return half;
}

function decodeHalf(bytes: Buffer, half: 0 | 1): SlotState | undefined {
  try {
    const line: unknown = JSON.parse(bytes.toString("utf8", half * halfBytes, (half + 1) * halfBytes));
    const { crc32: expected, state } = line as { crc32: number; state: SlotState };
    return crc32(JSON.stringify(state)) === expected && state.v === 1 ? state : undefined;
  } catch {
    return undefined;
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
