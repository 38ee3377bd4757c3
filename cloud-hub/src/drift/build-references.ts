import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { DriftReference } from "./reference.ts";
import type { FrameFacts } from "./window.ts";

/** What references are built from: frames by track, per domain. */
export type ReferenceRequest = {
  readonly domains: readonly { readonly domain: string; readonly tracks: readonly (readonly FrameFacts[])[] }[];
  readonly seed: string;
};

/** Builds references in a thread of its own: resampling takes a second, which the hub's loop does not have. */
export async function buildReferences(request: ReferenceRequest): Promise<DriftReference[]> {
  const worker = new Worker(new URL("./reference-worker.ts", import.meta.url), { workerData: request });
  const [references] = (await once(worker, "message")) as [DriftReference[]];
  await worker.terminate();
  return references;
}
