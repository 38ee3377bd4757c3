import type { Engine, EngineExit, LoadedModel, RunResult } from "../engine/engine.ts";
import type { Tensor } from "../engine/tensor.ts";
import { EdgeRuntimeError, type EdgeRuntimeErrorCode } from "../errors.ts";
import { type EngineCandidate, isAbsence, noEngine, type PassedOver } from "./engine-candidate.ts";

/** What runs a release now. passedOver: what would have been better, and why it was not taken */
export interface ServingEngine {
  readonly engine: string;
  readonly target: string;
  readonly passedOver: readonly PassedOver[];
}

/** A release's graphs in an engine of their own, which is started anew when it dies. */
export interface ReleaseEngine {
  /** Runs once; a run that was lost with a dying engine is tried once more on the next one. */
  run(inputs: Readonly<Record<string, Tensor>>): Promise<RunResult>;
  serving(): ServingEngine;
  close(): Promise<void>;
}

/** How a release's engine is chosen and looked after. */
export interface ReleaseEngineOptions {
  /** The ways to run it, best first. */
  readonly candidates: readonly EngineCandidate[];
  /** Throws where a model does not answer as the release promises; asked of each one before it answers frames. */
  readonly prove: (model: LoadedModel, candidate: EngineCandidate) => Promise<void>;
  /** Told each time the engine ended by itself. */
  readonly onCrash: (exit: EngineExit) => void;
  /** How often a better engine that was not there is looked for; a minute unless said otherwise. */
  readonly lookAgainMs?: number;
}

interface Loaded extends ServingEngine {
  readonly host: Engine;
  readonly model: LoadedModel;
  readonly rank: number;
}

const pauseMs = 1_000;
/** A plan that is being built for a better engine is not waited for when a release closes. */
const mostWaitMs = 5_000;

/**
 * Loads a release's graphs into the first engine that is there; a release that does not run in it is refused, not tried in
 * the next.
 * @throws {EdgeRuntimeError} what the engine throws; `engine-unavailable` when none of several is there
 */
export async function startReleaseEngine(options: ReleaseEngineOptions): Promise<ReleaseEngine> {
  const engine = new WatchedEngine(options);
  await engine.start();
  return engine;
}

class WatchedEngine implements ReleaseEngine {
  readonly #options: ReleaseEngineOptions;
  #loaded!: Promise<Loaded>; // set by `start` before anybody has the engine
  #serving!: ServingEngine;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(options: ReleaseEngineOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#loaded = this.#load();
    await this.#loaded;
    this.#lookAgain();
  }

  serving(): ServingEngine {
    return this.#serving;
  }

  async run(inputs: Readonly<Record<string, Tensor>>): Promise<RunResult> {
    if (this.#closed) throw closedError();
    const serving = this.#loaded;
    try {
      return await (await serving).model.run(inputs);
    } catch (error) {
      const isMoved = serving !== this.#loaded && hasCode(error, ["engine-closed"]);
      if (!isMoved && !isLost(error) && (await isLoaded(serving))) throw error;
      if (serving === this.#loaded && !this.#closed) this.#restart();
      return (await this.#loaded).model.run(inputs);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await Promise.race([this.#looking, new Promise((resolve) => setTimeout(resolve, mostWaitMs).unref())]);
    const last = await this.#loaded.catch(() => undefined);
    await last?.host.close();
  }

  /** mayPassRefusals: once it has answered, a release goes on in the next engine also where a server changed its answers */
  async #load(mayPassRefusals = false): Promise<Loaded> {
    const { candidates } = this.#options;
    const passedOver: PassedOver[] = [];
    for (const [rank, candidate] of candidates.entries()) {
      try {
        return this.#serve({ ...(await this.#loadInto(candidate)), rank, passedOver });
      } catch (error) {
        const isPassed = isAbsence(error, candidate) || (mayPassRefusals && candidate.isServer);
        if (!isPassed || candidates.length === 1) throw error;
        passedOver.push({ engine: candidate.title, target: candidate.target, why: (error as Error).message });
      }
    }
    throw noEngine(
      candidates.map(({ target }) => target),
      passedOver,
    );
  }

  #serve(loaded: Loaded): Loaded {
    const { engine, target, passedOver } = loaded;
    this.#serving = { engine, target, passedOver };
    return loaded;
  }

  /** isTrial: whether the release is served by another engine meanwhile, so that a crash here is no crash of it */
  async #loadInto(candidate: EngineCandidate, isTrial = false) {
    let isReady = false;
    const host = await candidate.start((exit) => {
      if (this.#closed || exit.reason === "closed") return;
      if (isReady || !isTrial) this.#options.onCrash(exit);
      if (isReady) this.#restart();
    });
    try {
      const model = await host.load(await candidate.graphs());
      await this.#options.prove(model, candidate);
      isReady = true;
      return { host, model, engine: candidate.title, target: candidate.target };
    } catch (error) {
      await host.close();
      throw error;
    }
  }

  #restart(): void {
    const lost = this.#loaded;
    const load = () => this.#load(true);
    this.#loaded = load().catch(async () => {
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      return this.#closed ? Promise.reject(closedError()) : load();
    });
    // Whoever runs next meets the failure; until then it is nobody's. What was lost is closed once it has a successor.
    this.#loaded.then(
      () => closeQuietly(lost),
      () => closeQuietly(lost),
    );
  }

  #lookAgain(): void {
    if (this.#closed) return;
    const look = () => (this.#looking = this.#lookForBetter().finally(() => this.#lookAgain()));
    this.#timer = setTimeout(look, this.#options.lookAgainMs ?? 60_000).unref();
  }

  /** Moves back to an engine that was not there when this release was loaded. */
  async #lookForBetter(): Promise<void> {
    const serving = this.#loaded;
    const { rank = 0 } = (await serving.catch(() => undefined)) ?? {};
    for (const [better, candidate] of this.#options.candidates.slice(0, rank).entries()) {
      const found = await this.#loadInto(candidate, true).catch(() => undefined);
      if (found === undefined) continue;
      if (this.#closed || serving !== this.#loaded) return found.host.close();
      this.#loaded = Promise.resolve(this.#serve({ ...found, rank: better, passedOver: [] }));
      return closeQuietly(serving);
    }
  }
}

function isLost(error: unknown): boolean {
  return hasCode(error, ["engine-crashed", "load-timeout", "server-unreachable", "server-refused"]);
}

function hasCode(error: unknown, codes: readonly EdgeRuntimeErrorCode[]): boolean {
  return error instanceof EdgeRuntimeError && codes.includes(error.code);
}

function isLoaded(loaded: Promise<Loaded>): Promise<boolean> {
  return loaded.then(
    () => true,
    () => false,
  );
}

function closeQuietly(loaded: Promise<Loaded>): Promise<void> {
  return loaded.then(({ host }) => host.close()).catch(() => undefined);
}

function closedError(): EdgeRuntimeError {
  return new EdgeRuntimeError(
    "engine-closed",
    "This release was replaced and its engine closed; ask for the current one.",
  );
}
