import type { Engine, EngineExit, GraphSource, LoadedModel, RunResult } from "../engine/engine.ts";
import type { Tensor } from "../engine/tensor.ts";
import { EdgeRuntimeError } from "../errors.ts";

/** Starts the engine that one release runs in; tells when its process ends. */
export type StartEngine = (onExit: (exit: EngineExit) => void) => Promise<Engine>;

/** A release's graphs in an engine of their own, which is started anew when it dies. */
export interface ReleaseEngine {
  readonly model: LoadedModel;
  /** Runs once; a run that was lost with a dying engine is tried once more on the next one. */
  run(inputs: Readonly<Record<string, Tensor>>): Promise<RunResult>;
  close(): Promise<void>;
}

const pauseMs = 1_000;

/**
 * Starts an engine and loads a release's graphs into it.
 * graphs: gives the verified bytes, again for each start · onCrash: told each time the engine ended by itself
 */
export async function startReleaseEngine(
  start: StartEngine,
  graphs: () => Promise<readonly GraphSource[]>,
  onCrash: (exit: EngineExit) => void,
): Promise<ReleaseEngine> {
  let closed = false;
  let loaded: Promise<{ readonly engine: Engine; readonly model: LoadedModel }>;
  const load = async () => {
    let isReady = false;
    const engine = await start((exit) => {
      if (closed || exit.reason === "closed") return;
      onCrash(exit);
      if (isReady) restart();
    });
    try {
      const model = await engine.load(await graphs());
      isReady = true;
      return { engine, model };
    } catch (error) {
      await engine.close();
      throw error;
    }
  };
  const restart = () => {
    loaded = load().catch(async () => {
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      return closed ? Promise.reject(closedError()) : load();
    });
    // Whoever runs next meets the failure; until then it is nobody's.
    loaded.catch(() => undefined);
  };
  loaded = load();
  const first = await loaded;
  return {
    model: first.model,
    async run(inputs) {
      if (closed) throw closedError();
      const serving = loaded;
      try {
        return await (await serving).model.run(inputs);
      } catch (error) {
        if (!isLost(error)) throw error;
        if (serving === loaded && !closed) restart();
        return (await loaded).model.run(inputs);
      }
    },
    async close() {
      closed = true;
      const last = await loaded.catch(() => undefined);
      await last?.engine.close();
    },
  };
}

function isLost(error: unknown): boolean {
  return error instanceof EdgeRuntimeError && (error.code === "engine-crashed" || error.code === "load-timeout");
}

function closedError(): EdgeRuntimeError {
  return new EdgeRuntimeError(
    "engine-closed",
    "This release was replaced and its engine closed; ask for the current one.",
  );
}
