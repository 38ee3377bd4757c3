import { EdgeRuntimeError } from "../errors.ts";
import type { Engine, GraphSource, LoadedModel } from "./engine.ts";
import { type GraphChain, type GraphRewriting, openGraphChain } from "./graph-chain.ts";
import { checkInputs } from "./input-check.ts";

/**
 * An engine inside this process, for tests and for job processes that do nothing else: a run blocks the thread, no
 * deadline can stop it, and native code that aborts takes the process along.
 */
export async function startInlineEngine(
  options: { readonly threads?: number; readonly rewriting?: GraphRewriting } = {},
): Promise<Engine> {
  const open = new Set<GraphChain>();
  let closed = false;
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(work);
    turn = result.catch(() => undefined);
    return result;
  };
  const load = async (graphs: readonly GraphSource[]): Promise<LoadedModel> => {
    if (closed) throw new EdgeRuntimeError("engine-closed", "This engine is closed; start another one.");
    const chain = await inTurn(() => openGraphChain(graphs, options.threads ?? 1, options.rewriting));
    open.add(chain);
    return loadedModel(chain, inTurn, () => open.delete(chain));
  };
  const close = async () => {
    closed = true;
    await inTurn(async () => {
      for (const chain of open) await chain.release();
      open.clear();
    });
  };
  return { load, close };
}

function loadedModel(
  chain: GraphChain,
  inTurn: <T>(work: () => Promise<T>) => Promise<T>,
  forget: () => boolean,
): LoadedModel {
  let unloaded = false;
  return {
    inputs: chain.inputs,
    outputs: chain.outputs,
    async run(inputs) {
      if (unloaded) throw new EdgeRuntimeError("model-unloaded", "This model was unloaded; load it again to run it.");
      checkInputs(chain.inputs, inputs);
      return inTurn(() => chain.run(inputs));
    },
    async unload() {
      if (unloaded) return;
      unloaded = true;
      await inTurn(async () => {
        if (forget()) await chain.release();
      });
    },
  };
}
