import type { BlobReference } from "@fieldloop/devices";
import type { LoadedModel } from "../engine/engine.ts";
import { EdgeRuntimeError } from "../errors.ts";
import type { BlobStore } from "./blob-store.ts";
import { type EngineCandidate, type EnginesFor, isAbsence, noEngine, type StartEngine } from "./engine-candidate.ts";
import { checkGolden } from "./golden-check.ts";
import { answerOf, HeldRelease, requireFit } from "./loaded-release.ts";
import { ReleaseRefusal } from "./refusal.ts";
import { startReleaseEngine } from "./release-engine.ts";
import type { ReleaseParts } from "./release-parts.ts";

/** Told while a release runs. */
export interface ReleaseHooks {
  readonly onAnswer: (digest: string) => void;
  readonly onCrash: (digest: string) => void;
}

/** What a release is loaded with. lookAgainMs: how often a better engine that was not there is looked for */
export interface ReleaseSurroundings {
  readonly blobs: BlobStore;
  readonly enginesFor: EnginesFor;
  readonly hooks: ReleaseHooks;
  readonly lookAgainMs: number | undefined;
}

const warmRuns = 3;

/**
 * Loads a release into an engine of its own, so that a bad one cannot take down the one that answers, and warms it up.
 * The bytes that are loaded are the bytes that were hashed; a server is put through the golden samples each time.
 * @throws {ReleaseRefusal} `digest-mismatch`, `incomplete`, `golden-failed`; EdgeRuntimeError from the engine
 */
export function loadRelease(
  parts: ReleaseParts,
  number: number,
  surroundings: ReleaseSurroundings,
): Promise<HeldRelease> {
  return load(parts, number, surroundings, ({ isServer }) => isServer);
}

/**
 * Loads a release as a candidate and puts it through its golden samples.
 * @throws {ReleaseRefusal} `golden-failed` also when it does not load or run, `digest-mismatch`, `incomplete`
 */
export async function stageRelease(
  parts: ReleaseParts,
  number: number,
  surroundings: ReleaseSurroundings,
): Promise<HeldRelease> {
  try {
    return await load(parts, number, surroundings, () => true);
  } catch (error) {
    throw asStagingRefusal(error);
  }
}

async function load(
  parts: ReleaseParts,
  number: number,
  { blobs, enginesFor, hooks, lookAgainMs }: ReleaseSurroundings,
  needsGolden: (candidate: EngineCandidate) => boolean,
): Promise<HeldRelease> {
  const golden = await blobs.read(parts.golden);
  const engine = await startReleaseEngine({
    candidates: candidatesOf(parts, blobs, enginesFor),
    prove: async (model, candidate) => {
      requireFit(parts.plan, model);
      await warm(parts, model);
      if (needsGolden(candidate))
        await checkGolden({ ...parts, run: (image) => answerOf(parts.plan, model, image) }, golden);
    },
    onCrash: () => hooks.onCrash(parts.digest),
    lookAgainMs,
  });
  return new HeldRelease(parts, number, engine, () => hooks.onAnswer(parts.digest));
}

function candidatesOf(parts: ReleaseParts, blobs: BlobStore, enginesFor: EnginesFor): readonly EngineCandidate[] {
  const read = async ({ name, blob }: { readonly name: string; readonly blob: BlobReference }) => ({
    name,
    bytes: await blobs.read(blob),
  });
  const candidates = parts.choices.flatMap(({ target, graphs }) =>
    enginesFor(target).map((offered) => ({
      ...offered,
      target,
      start: reported(offered.start),
      graphs: () => Promise.all(graphs.map(read)),
    })),
  );
  if (candidates.length > 0) return candidates;
  throw noEngine(
    parts.choices.map(({ target }) => target),
    [],
  );
}

async function warm({ plan }: ReleaseParts, model: LoadedModel): Promise<void> {
  const { width, height } = plan.preprocess;
  for (let run = 0; run < warmRuns; run += 1) await answerOf(plan, model, new Uint8Array(width * height * 3));
}

function asStagingRefusal(error: unknown): ReleaseRefusal {
  if (error instanceof ReleaseRefusal) return error;
  const why = error instanceof Error ? error.message : String(error);
  const isOurs = isAbsence(error, { isServer: true });
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
      if (cause instanceof EdgeRuntimeError && cause.code === "server-unreachable") throw cause;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new EdgeRuntimeError("engine-unavailable", `The engine does not start on this machine: ${why}`, { cause });
    }
  };
}
