import { CompilerError } from "../errors.ts";
import { type Graph, opsetOf } from "../graph/graph.ts";
import { defaultIrVersion, defaultOpset } from "../graph/graph-builder.ts";
import { inferTypes } from "../graph/infer-types.ts";
import { loweringAdapters, raisingAdapters } from "../opset/adapter-list.ts";
import { crossOpsets } from "../opset/cross-opsets.ts";
import { newestOpset } from "../opset/operator-history.ts";
import { speaksPlainTypes } from "../opset/plain-types.ts";
import type { Pass } from "./pass.ts";

const oldestOpset = 6;

/**
 * Writes a graph of opset 6–16 for opset 17, and one of a newer opset too where each of its operators means the same there;
 * otherwise it keeps its own opset, whole. Types are known before and after.
 * @throws {CompilerError} `unsupported-opset` below 6 and beyond what ONNX 1.23 knows; `unsupported-operator` for a node of an
 *   older opset that has no later form
 */
export const bringToOpset17: Pass = {
  name: "bring-to-opset-17",
  apply(graph) {
    if (!graph.nodes.some(({ domain }) => domain === "")) return graph;
    const opset = opsetOf(graph);
    if (opset < oldestOpset || opset > newestOpset) throw unsupportedOpset(opset);
    if (opset === defaultOpset) return graph;
    return inferTypes(opset < defaultOpset ? raised(graph, opset) : lowered(graph, opset));
  },
};

function raised(graph: Graph, opset: number): Graph {
  const crossed = crossOpsets(graph, { from: opset, to: defaultOpset, adapters: raisingAdapters });
  if (!("because" in crossed)) return { ...crossed, irVersion: Math.max(graph.irVersion, defaultIrVersion) };
  const { node, because } = crossed;
  throw new CompilerError(
    "unsupported-operator",
    `Cannot bring ${node.op} making "${node.outputs[0]}" from opset ${opset} to ${defaultOpset}, because ${because}; export the model with opset ${defaultOpset}.`,
  );
}

function lowered(graph: Graph, opset: number): Graph {
  if (!speaksPlainTypes(graph)) return graph;
  const crossed = crossOpsets(graph, { from: opset, to: defaultOpset, adapters: loweringAdapters });
  return "because" in crossed ? graph : crossed;
}

function unsupportedOpset(opset: number): CompilerError {
  return new CompilerError(
    "unsupported-opset",
    `Expected a model of opset ${oldestOpset} to ${newestOpset}, found ${opset}; export it with opset ${defaultOpset}.`,
  );
}
