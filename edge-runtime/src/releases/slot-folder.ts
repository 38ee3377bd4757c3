import { join } from "node:path";
import { type Signed, signedFiles } from "@fieldloop/devices";
import type { DurableFiles } from "./durable-files.ts";
import { asRefusal } from "./refusal.ts";
import { type ReleaseReader, readDesiredState } from "./release-parts.ts";
import { readSigned } from "./signed-files.ts";
import { freshState, type SlotName, type SlotState } from "./slot-state.ts";

/** What lies in a slot's folder: laid out like a bundle, without the blobs. */
export interface SlotDocuments {
  readonly manifest: Signed;
  readonly desired: Signed;
}

/** Makes a slot's folder anew with these documents; the state must not name the slot while this happens. */
export async function writeSlot(
  dir: string,
  slot: SlotName,
  files: DurableFiles,
  documents: SlotDocuments,
): Promise<void> {
  const folder = slotFolder(dir, slot);
  await files.remove(folder);
  await files.makeFolder(folder);
  for (const name of ["manifest", "desired"] as const) {
    for (const [file, bytes] of signedFiles(name, documents[name])) await files.replace(join(folder, file), bytes);
  }
}

/**
 * Reads a slot's documents; the desired state is verified, the manifest not yet.
 * @throws {ReleaseRefusal} `incomplete`, `bad-signature`, `wrong-device`
 */
export async function readSlot(dir: string, slot: SlotName, reader: ReleaseReader) {
  try {
    const manifest = await readSigned(slotFolder(dir, slot), "manifest");
    const { number, release } = readDesiredState(await readSigned(slotFolder(dir, slot), "desired"), reader);
    return { manifest, number, release };
  } catch (error) {
    throw asRefusal(error);
  }
}

/** When no copy of the state can be read, the signed documents in the slots still say what this device ran. */
export async function rebuildState(dir: string, reader: ReleaseReader, owner: string): Promise<SlotState> {
  let state = freshState(owner);
  for (const slot of ["a", "b"] as const) {
    const found = await readSlot(dir, slot, reader).catch(() => undefined);
    if (found === undefined) continue;
    const { release, number } = found;
    state = {
      ...state,
      seen: Math.max(state.seen, number),
      current: number > state.seen ? slot : state.current,
      slots: { ...state.slots, [slot]: { state: "good", release, number } },
    };
  }
  return state;
}

function slotFolder(dir: string, slot: SlotName): string {
  return join(dir, `slot-${slot}`);
}
