import { EdgeRuntimeError } from "../errors.ts";
import type { Engine, GraphSource, LoadedModel } from "./engine.ts";
import type { GraphChain } from "./graph-chain.ts";
import { checkInputs } from "./input-check.ts";

/** What an engine without a process of its own is made of. close: told once, after the last model was released */
export interface TurnEngineOptions {
  readonly open: (graphs: readonly GraphSource[]) => Promise<GraphChain>;
  readonly maxWaiting?: number;
  /** How long one run may take where the engine can end it; no limit unless given. */
  readonly runTimeoutMs?: number;
}

/** An engine that takes loads and runs in turn, one at a time, in this process. */
export function turnEngine(options: TurnEngineOptions): Engine {
  const line = new Line(options.maxWaiting ?? Number.POSITIVE_INFINITY);
  const open = new Set<GraphChain>();
  let closing: Promise<void> | undefined;
  return {
    async load(graphs) {
      if (closing) throw new EdgeRuntimeError("engine-closed", "This engine is closed; start another one.");
      const chain = await line.take(() => options.open(graphs));
      open.add(chain);
      return modelInTurn(chain, line, options.runTimeoutMs, () => open.delete(chain));
    },
    close() {
      closing ??= line.take(async () => {
        for (const chain of open) await chain.release();
        open.clear();
      }, true);
      return closing;
    },
  };
}

/** Work in its order, one at a time, with so many waiting at most. */
class Line {
  readonly #most: number;
  #waiting = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(most: number) {
    this.#most = most;
  }

  take<T>(work: () => Promise<T>, evenWhenFull = false): Promise<T> {
    if (this.#waiting > this.#most && !evenWhenFull) {
      const sentence = `${this.#waiting - 1} requests already wait for this engine; wait for one to finish.`;
      return Promise.reject(new EdgeRuntimeError("engine-busy", sentence));
    }
    this.#waiting += 1;
    const result = this.#turn.then(work).finally(() => (this.#waiting -= 1));
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

function modelInTurn(
  chain: GraphChain,
  line: Line,
  runTimeoutMs: number | undefined,
  forget: () => boolean,
): LoadedModel {
  let unloaded = false;
  return {
    inputs: chain.inputs,
    outputs: chain.outputs,
    async run(inputs, deadlineMs = runTimeoutMs) {
      if (unloaded) throw new EdgeRuntimeError("model-unloaded", "This model was unloaded; load it again to run it.");
      checkInputs(chain.inputs, inputs);
      return line.take(() => chain.run(inputs, deadlineMs === undefined ? undefined : deadline(deadlineMs)));
    },
    async unload() {
      if (unloaded) return;
      unloaded = true;
      await line.take(async () => {
        if (forget()) await chain.release();
      }, true);
    },
  };
}

function deadline(ms: number): AbortSignal {
  const controller = new AbortController();
  const sentence = `A run took longer than ${ms} ms and was given up; allow it more time or run a smaller model.`;
  setTimeout(() => controller.abort(new EdgeRuntimeError("run-timeout", sentence)), ms).unref();
  return controller.signal;
}
