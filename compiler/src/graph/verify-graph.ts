import { CompilerError } from "../errors.ts";
import type { Graph, Node } from "./graph.ts";

/**
 * Checks what every pass must keep: each input, constant and value is made once and before it is used, and every output exists.
 * `after` says what was done to the graph, `remedy` what to do about it.
 * @throws {CompilerError} `invalid-graph`
 */
export function verifyGraph(graph: Graph, after: string, remedy = "mend the pass"): Graph {
  const known = new Set<string>();
  for (const name of [...graph.inputs.map((input) => input.name), ...graph.initializers.keys()]) {
    if (known.has(name)) throw broken(after, `the input "${name}" to be there once, but it is given again`, remedy);
    known.add(name);
  }
  for (const node of graph.nodes) {
    const missing = node.inputs.find((name) => name !== "" && !known.has(name));
    if (missing !== undefined) {
      throw broken(after, `the input "${missing}" of ${titleOf(node)} to exist before it, but it does not`, remedy);
    }
    for (const output of node.outputs) {
      if (output === "") continue;
      if (known.has(output))
        throw broken(after, `"${output}" to be made once, but ${titleOf(node)} makes it again`, remedy);
      known.add(output);
    }
  }
  const lost = graph.outputs.find((output) => !known.has(output.name));
  if (lost === undefined) return graph;
  throw broken(after, `the graph output "${lost.name}" to be made by a node, but none makes it`, remedy);
}

function titleOf(node: Node): string {
  return `${node.op} making "${node.outputs[0] ?? ""}"`;
}

function broken(after: string, expected: string, remedy: string): CompilerError {
  return new CompilerError("invalid-graph", `After ${after}: expected ${expected}; ${remedy}.`);
}
