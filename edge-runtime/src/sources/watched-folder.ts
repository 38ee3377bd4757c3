import { watch } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { EdgeRuntimeError } from "../errors.ts";
import { WakeSignal } from "../uplink/wake-signal.ts";
import type { Source } from "./source.ts";

const isImage = /^[^.].*\.(png|jpe?g|webp)$/i;
const settleMs = 200;
const rescanMs = 2_000;

/**
 * Images of a folder, first those that lie there by name, then each new or changed one, once nothing has been written to
 * it for 200 ms; runs until `signal` is aborted. Files are only read.
 * @throws {EdgeRuntimeError} `bad-source` when the folder cannot be read
 */
export async function* watchedFolder(dir: string, signal: AbortSignal): Source {
  await requireFolder(dir);
  const wake = new WakeSignal();
  const watcher = watch(dir, () => wake.wake());
  watcher.on("error", () => wake.wake());
  const onAbort = () => wake.wake();
  signal.addEventListener("abort", onAbort);
  const seen = new Map<string, number>();
  try {
    while (!signal.aborted) {
      const { ready, isSettling } = await scan(dir, seen);
      for (const name of ready) {
        if (signal.aborted) return;
        const image = await readFile(join(dir, name)).catch(() => undefined);
        if (image !== undefined) yield { name, image: new Uint8Array(image) };
      }
      if (ready.length === 0) await wake.sleep(isSettling ? settleMs : rescanMs);
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    watcher.close();
  }
}

/** Notes what is new in `seen`, which holds nothing but what lies in the folder. */
async function scan(dir: string, seen: Map<string, number>) {
  const names = (await readdir(dir)).filter((name) => isImage.test(name)).toSorted();
  const present = new Set(names);
  for (const name of seen.keys()) if (!present.has(name)) seen.delete(name);
  const ready: string[] = [];
  let isSettling = false;
  for (const name of names) {
    const found = await stat(join(dir, name)).catch(() => undefined);
    if (!found?.isFile() || seen.get(name) === found.mtimeMs) continue;
    if (Date.now() - found.mtimeMs < settleMs) {
      isSettling = true;
      continue;
    }
    seen.set(name, found.mtimeMs);
    ready.push(name);
  }
  return { ready, isSettling };
}

async function requireFolder(dir: string): Promise<void> {
  const found = await stat(dir).catch((cause: NodeJS.ErrnoException) => {
    throw new EdgeRuntimeError(
      "bad-source",
      `Expected a folder of images at ${dir}, got ${cause.code}; name one that exists.`,
      {
        cause,
      },
    );
  });
  if (!found.isDirectory())
    throw new EdgeRuntimeError(
      "bad-source",
      `Expected a folder of images at ${dir}, it is a file; name its folder, or "-".`,
    );
}
