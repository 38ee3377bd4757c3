import { encodePublicKey } from "@fieldloop/devices";
import { openBlobStore } from "./blob-store.ts";
import { durableFiles } from "./durable-files.ts";
import { ReleaseAgent } from "./release-agent.ts";
import type { ReleaseStore, ReleaseStoreOptions } from "./releases.ts";
import { rebuildState } from "./slot-folder.ts";
import { openStateFile } from "./slot-state.ts";

/**
 * Opens a device's releases and starts the current one; a release on trial that did not survive its starts, or a slot
 * whose files changed, gives way to the last good one.
 * @throws {EdgeRuntimeError} where the engine itself does not start
 */
export async function openReleases(options: ReleaseStoreOptions): Promise<ReleaseStore> {
  const files = options.files ?? durableFiles();
  await files.makeFolder(options.dir);
  const wait = options.wait ?? ((ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)));
  const blobs = await openBlobStore(options.dir, files, wait);
  const owner = `${encodePublicKey(options.hubKey)} ${options.fleet}/${options.device}`;
  const state = await openStateFile(options.dir, files, owner, () => rebuildState(options.dir, options, owner));
  const agent = new ReleaseAgent(options, files, blobs, state);
  await agent.start();
  return agent;
}
