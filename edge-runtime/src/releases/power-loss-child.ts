import type { KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { decodeKeyPair, type KeyPair } from "@fieldloop/devices";
import { startInlineEngine } from "../engine/inline-engine.ts";
import { type DurableFiles, durableFiles } from "./durable-files.ts";
import { folderFetcher } from "./folder-fetcher.ts";
import { openReleases } from "./release-store.ts";
import type { ReleaseStore } from "./releases.ts";
import { readSigned } from "./signed-files.ts";
import { tinyImage } from "./tiny-release.ts";

/** Opens a test device's releases with the engine in this process. */
export function openInline(dir: string, hubKey: KeyObject, files?: DurableFiles): Promise<ReleaseStore> {
  const startEngine = () => startInlineEngine();
  return openReleases({ dir, hubKey, fleet: "plant", device: "reader-1", profile: "x86-64", startEngine, files });
}

/** Takes the bundle's release, answers frames until it is good, and stops in order. */
export async function acceptSecond(dir: string, bundle: string, keys: KeyPair, files: DurableFiles): Promise<void> {
  const store = await openInline(dir, keys.publicKey, files);
  const taken = await store.offer(await readSigned(bundle, "desired"), folderFetcher(bundle));
  if (!taken.accepted) throw new Error(taken.reason);
  const release = store.acquire();
  for (let i = 0; i < 10; i += 1) await release?.run(tinyImage(i));
  release?.release();
  await store.close();
}

const [dir, bundle, keyFile, step] = process.argv.slice(2);
if (import.meta.main && dir && bundle && keyFile) {
  let taken = 0;
  const files = durableFiles(() => {
    taken += 1;
    if (taken === Number(step)) process.kill(process.pid, "SIGKILL");
  });
  await acceptSecond(dir, bundle, decodeKeyPair(readFileSync(keyFile, "utf8")), files);
}
