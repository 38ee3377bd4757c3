import { type Graph, inferTypes, parseModel, serializeModel, type Tensor, type ValueType } from "@fieldloop/compiler";
import { feedsOf } from "./feeds.ts";
import type { NodeCase } from "./node-cases.ts";
import type { NodeRunner } from "./node-runner.ts";

/** Values whose type inference states, and the names of those that turned out otherwise in a run. */
export interface TypeVerdict {
  readonly stated: number;
  readonly contradicted: readonly string[];
}

/**
 * Infers the type of every value of a case from its inputs alone, lets onnxruntime give out each and compares element types,
 * ranks and sizes; undefined where the case does not run that way.
 */
export async function judgeTypes(nodeCase: NodeCase, runner: NodeRunner): Promise<TypeVerdict | undefined> {
  const feeds = feedsOf(nodeCase);
  const graph = undeclared(parseModel(nodeCase.model));
  const stated = statedTypes(graph);
  if (feeds === undefined || stated.size === 0) return undefined;
  const outputs = [...stated].map(([name, { dtype }]) => ({ name, dtype, shape: undefined }));
  const outcome = await runner.run({ model: serializeModel({ ...graph, outputs }), inputs: feeds.inputs });
  if (!("outputs" in outcome)) return undefined;
  const contradicted = [...stated].filter(([name, type]) => !isOfType(outcome.outputs.get(name), type));
  return { stated: stated.size, contradicted: contradicted.map(([name]) => name) };
}

function undeclared(graph: Graph): Graph {
  return { ...graph, types: new Map(), outputs: graph.outputs.map((output) => ({ ...output, shape: undefined })) };
}

function statedTypes(graph: Graph): ReadonlyMap<string, ValueType> {
  const { types, outputs } = inferTypes(graph);
  const made = new Set(graph.nodes.flatMap((node) => node.outputs));
  const all = [...types, ...outputs.map((output) => [output.name, output] as const)];
  return new Map(all.filter(([name, { shape }]) => shape !== undefined && made.has(name)));
}

function isOfType(tensor: Tensor | undefined, { dtype, shape = [] }: ValueType): boolean {
  if (tensor === undefined || tensor.dtype !== dtype || tensor.shape.length !== shape.length) return false;
  return shape.every((size, axis) => typeof size === "string" || size === tensor.shape[axis]);
}
