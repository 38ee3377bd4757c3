import { CompilerError } from "../errors.ts";
import type { Graph } from "../graph/graph.ts";
import { verifyGraph } from "../graph/verify-graph.ts";

/** One rewriting of a graph that keeps what it computes; its name is a sentence and its file's name. */
export interface Pass {
  readonly name: string;
  readonly apply: (graph: Graph) => Graph;
}

/**
 * Runs passes in order and verifies the graph before the first and after each.
 * @throws {CompilerError} with the failing pass named first; `invalid-graph` where a pass left a broken graph
 */
export function runPasses(graph: Graph, passes: readonly Pass[]): Graph {
  return passes.reduce(runPass, verifyGraph(graph, "reading the model", "check the file, or export it anew"));
}

function runPass(graph: Graph, pass: Pass): Graph {
  return withSameOutputs(graph, verifyGraph(applied(graph, pass), `pass ${pass.name}`), pass);
}

/** What a graph gives is its contract: no pass may add, drop or rename an output. */
function withSameOutputs(before: Graph, after: Graph, { name }: Pass): Graph {
  const [given, gives] = [before, after].map(({ outputs }) => outputs.map((output) => output.name).join(", "));
  if (given === gives) return after;
  throw new CompilerError(
    "invalid-graph",
    `After pass ${name}: expected the graph to give ${given} as before, but it gives ${gives}; mend the pass.`,
  );
}

function applied(graph: Graph, pass: Pass): Graph {
  try {
    return pass.apply(graph);
  } catch (cause) {
    const code = cause instanceof CompilerError ? cause.code : "invalid-graph";
    const sentence = cause instanceof Error ? cause.message : String(cause);
    throw new CompilerError(code, `In pass ${pass.name}: ${sentence}`, { cause });
  }
}
