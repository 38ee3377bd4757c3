import type { BlobReference } from "@fieldloop/devices";
import { EdgeRuntimeError } from "../errors.ts";
import type { BlobStore } from "./blob-store.ts";
import { checkGolden } from "./golden-check.ts";
import { HeldRelease } from "./loaded-release.ts";
import { ReleaseRefusal } from "./refusal.ts";
import { type StartEngine, startReleaseEngine } from "./release-engine.ts";
import type { ReleaseParts } from "./release-parts.ts";

/** Told while a release runs. */
export interface ReleaseHooks {
  readonly onAnswer: (digest: string) => void;
  readonly onCrash: (digest: string) => void;
}

const warmRuns = 3;

/**
 * Loads a release into an engine of its own, so that a bad one cannot take down the one that answers, and warms it up.
 * The bytes that are loaded are the bytes that were hashed.
 * @throws {ReleaseRefusal} `digest-mismatch`, `incomplete`, `golden-failed`; EdgeRuntimeError from the engine
 */
export async function loadRelease(
  parts: ReleaseParts,
  number: number,
  blobs: BlobStore,
  startEngine: StartEngine,
  hooks: ReleaseHooks,
): Promise<HeldRelease> {
  const read = async ({ name, blob }: { readonly name: string; readonly blob: BlobReference }) => ({
    name,
    bytes: await blobs.read(blob),
  });
  const graphs = () => Promise.all(parts.graphs.map(read));
  const engine = await startReleaseEngine(reported(startEngine), graphs, () => hooks.onCrash(parts.digest));
  const release = new HeldRelease(parts, number, engine, () => hooks.onAnswer(parts.digest));
  try {
    release.requireFit();
    const { width, height } = parts.plan.preprocess;
    for (let run = 0; run < warmRuns; run += 1) await release.run(new Uint8Array(width * height * 3));
    return release;
  } catch (error) {
    await release.retire();
    throw error;
  }
}

/**
 * Loads a release as a candidate and puts it through its golden samples.
 * @throws {ReleaseRefusal} `golden-failed` also when it does not load or run, `digest-mismatch`, `incomplete`
 */
export async function stageRelease(
  parts: ReleaseParts,
  number: number,
  blobs: BlobStore,
  startEngine: StartEngine,
  hooks: ReleaseHooks,
): Promise<HeldRelease> {
  const golden = await blobs.read(parts.golden);
  let candidate: HeldRelease | undefined;
  try {
    candidate = await loadRelease(parts, number, blobs, startEngine, hooks);
    await checkGolden(candidate, golden);
    return candidate;
  } catch (error) {
    await candidate?.retire();
    throw asStagingRefusal(error);
  }
}

function asStagingRefusal(error: unknown): ReleaseRefusal {
  if (error instanceof ReleaseRefusal) return error;
  const why = error instanceof Error ? error.message : String(error);
  const isOurs = error instanceof EdgeRuntimeError && error.code === "engine-unavailable";
  const code = isOurs ? "incomplete" : "golden-failed";
  return new ReleaseRefusal(code, `Expected the release to load and run on this device, it did not: ${why}`, {
    cause: error,
  });
}

/** An engine that does not even start says nothing about the release. */
function reported(startEngine: StartEngine): StartEngine {
  return async (onExit) => {
    try {
      return await startEngine(onExit);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new EdgeRuntimeError("engine-unavailable", `The engine does not start on this machine: ${why}`, { cause });
    }
  };
}
