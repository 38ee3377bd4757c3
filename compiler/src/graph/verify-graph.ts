import { CompilerError } from "../errors.ts";
import type { Graph, Node } from "./graph.ts";

/**
 * Checks what every pass must keep: each value is made once and before it is used, and every output exists.
 * `after` names the pass for the error.
 * @throws {CompilerError} `invalid-graph`
 */
export function verifyGraph(graph: Graph, after: string): Graph {
  const known = new Set([...graph.inputs.map((input) => input.name), ...graph.initializers.keys()]);
  for (const node of graph.nodes) {
    const missing = node.inputs.find((name) => name !== "" && !known.has(name));
    if (missing !== undefined) throw broken(after, node, `its input "${missing}" to exist before it`, "it does not");
    for (const output of node.outputs) {
      if (output !== "" && known.has(output))
        throw broken(after, node, `"${output}" to be made once`, "it is made again");
      known.add(output);
    }
  }
  const lost = graph.outputs.find((output) => !known.has(output.name));
  if (lost === undefined) return graph;
  throw new CompilerError(
    "invalid-graph",
    `After ${after}: expected the graph output "${lost.name}" to be made by a node, but none makes it; mend the pass.`,
  );
}

function broken(after: string, node: Node, expected: string, instead: string): CompilerError {
  return new CompilerError(
    "invalid-graph",
    `After ${after}: ${node.op} making "${node.outputs[0]}" expects ${expected}, but ${instead}; mend the pass.`,
  );
}
