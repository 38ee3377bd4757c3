import type { Engine } from "./engine.ts";
import { openGraphChain } from "./graph-chain.ts";
import { type GraphOpenerOptions, graphOpener } from "./graph-opener.ts";
import { turnEngine } from "./turn-engine.ts";

/**
 * An engine inside this process, for tests and for job processes that do nothing else: a run blocks the thread, no
 * deadline can stop it, and native code that aborts takes the process along.
 * @throws {EdgeRuntimeError} `engine-unavailable`
 */
export async function startInlineEngine(options: GraphOpenerOptions = {}): Promise<Engine> {
  const open = await graphOpener(options);
  return turnEngine({ open: (graphs) => openGraphChain(graphs, open) });
}
