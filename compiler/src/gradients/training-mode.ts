import { attribute, type Graph, type Node } from "../graph/graph.ts";

/** A batch normalization in training mode: its input, its statistics' inputs and the outputs of the batch's own. */
export interface BatchStatistics {
  /** Names of the running mean and variance in the model. */
  readonly running: { readonly mean: string; readonly variance: string };
  /** Names of the batch's mean and variance in the training graph. */
  readonly batch: { readonly mean: string; readonly variance: string };
  /** Values per channel that the statistics are taken over. */
  readonly node: string;
}

/**
 * Turns every BatchNormalization to training mode with momentum 0, so that its second and third outputs are the mean
 * and the biased variance of the batch; the running statistics are kept up outside the graph.
 */
export function withBatchStatistics(graph: Graph): {
  readonly graph: Graph;
  readonly statistics: readonly BatchStatistics[];
} {
  const statistics: BatchStatistics[] = [];
  const nodes = graph.nodes.map((node) => {
    if (node.op !== "BatchNormalization" || node.domain !== "") return node;
    const [output] = node.outputs as [string];
    const [, , , mean, variance] = node.inputs as [string, string, string, string, string];
    const batch = { mean: `${output}.batch-mean`, variance: `${output}.batch-variance` };
    statistics.push({ running: { mean, variance }, batch, node: output });
    return trained(node, [output, batch.mean, batch.variance]);
  });
  return { graph: { ...graph, nodes }, statistics };
}

function trained(node: Node, outputs: readonly string[]): Node {
  return {
    ...node,
    outputs,
    attributes: { ...node.attributes, training_mode: attribute.int(1), momentum: attribute.float(0) },
  };
}
