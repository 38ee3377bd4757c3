import { CompilerError } from "../errors.ts";
import type { Pass } from "./pass.ts";
import { hasSubgraph } from "./remove-unused.ts";

/**
 * Refuses control flow (If, Loop, Scan, SequenceMap): its inner graphs read outer values by name, which no pass follows.
 * @throws {CompilerError} `control-flow`
 */
export const refuseInnerGraphs: Pass = {
  name: "refuse-inner-graphs",
  apply(graph) {
    const node = graph.nodes.find(hasSubgraph);
    if (node === undefined) return graph;
    throw new CompilerError(
      "control-flow",
      `Cannot compile ${node.op} making "${node.outputs[0]}": it holds a graph of its own; export the model with the branch decided or the loop unrolled, or run the file as it is.`,
    );
  },
};
