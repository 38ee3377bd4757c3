import { canonicalBytes, digestOf } from "@fieldloop/devices";
import { CompilerError } from "../errors.ts";
import { type Graph, type Node, typeOf, type Value } from "../graph/graph.ts";
import { inferTypes } from "../graph/infer-types.ts";
import { serializeModel } from "../graph/model.ts";
import { renameReads } from "../passes/graph-edit.ts";
import { runPasses } from "../passes/pass.ts";
import { removeUnused } from "../passes/remove-unused.ts";
import { valueDigests } from "./value-digests.ts";

/** A model to be merged; its name becomes its head's. */
export interface MergedModel {
  readonly name: string;
  readonly graph: Graph;
}

/**
 * What models have in common, once, and what each adds. interface: the hash that the backbone offers and every head needs:
 * its name and type of each value at the cut, and the backbone's digest · shared: nodes of the backbone
 */
export interface Merge {
  readonly backbone: Graph;
  readonly heads: readonly MergedModel[];
  readonly interface: string;
  readonly shared: number;
}

/**
 * Finds the part that several models compute alike (same operators, attributes, weights and order of inputs, whatever the names)
 * and cuts there: one backbone that gives every value that a head reads, and a head for each model.
 * @throws {CompilerError} `nothing-shared` · `invalid-argument` for fewer than two models, equal names, or a model that adds nothing
 */
export function mergeModels(models: readonly MergedModel[]): Merge {
  requireSeveral(models);
  const typed = models.map(({ name, graph }) => ({ name, graph: inferTypes(graph) }));
  const digests = typed.map(({ graph }) => valueDigests(graph));
  const common = commonValues(typed, digests);
  const isShared = (node: Node, model: number) =>
    node.outputs.every((output) => output === "" || common.has(digests[model]!.get(output)!));
  const [first] = typed as [MergedModel, ...MergedModel[]];
  const sharedNodes = first.graph.nodes.filter((node) => isShared(node, 0));
  const nameOf = new Map(
    [...first.graph.inputs.map(({ name }) => name), ...sharedNodes.flatMap(({ outputs }) => outputs)].map(
      (value) => [digests[0]!.get(value)!, value] as const,
    ),
  );
  const parts = typed.map(({ name, graph }, model) => {
    const own = graph.nodes.filter((node) => !isShared(node, model));
    return { name, graph, own, reads: readsOf(graph, own, digests[model]!, nameOf) };
  });
  const cut = [...nameOf.values()].filter((value) => parts.some(({ reads }) => [...reads.values()].includes(value)));
  if (sharedNodes.length === 0) throw nothingShared(models);
  const backbone = backboneOf(first.graph, sharedNodes, cut);
  const heads = parts.map(({ name, graph, own, reads }) => ({
    name,
    graph: headOf(name, graph, { own, reads, backbone }),
  }));
  return { backbone, heads, interface: interfaceOf(backbone), shared: sharedNodes.length };
}

/** Digests of node outputs that every model has. */
function commonValues(
  models: readonly MergedModel[],
  digests: readonly ReadonlyMap<string, string>[],
): ReadonlySet<string> {
  const [first, ...others] = models.map(
    ({ graph }, model) =>
      new Set(graph.nodes.flatMap(({ outputs }) => outputs.map((one) => digests[model]!.get(one)!))),
  );
  return others.reduce((common, one) => common.intersection(one), first!);
}

/** What a model's own nodes, and its outputs, read of the backbone: by their name there, the backbone's name of it. */
function readsOf(
  graph: Graph,
  own: readonly Node[],
  digests: ReadonlyMap<string, string>,
  nameOf: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const made = new Set([...own.flatMap(({ outputs }) => outputs), ...graph.initializers.keys()]);
  const read = [...own.flatMap(({ inputs }) => inputs), ...graph.outputs.map(({ name }) => name)];
  return new Map(
    read
      .filter((name) => name !== "" && !made.has(name))
      .map((name) => [name, nameOf.get(digests.get(name)!)!] as const),
  );
}

function backboneOf(graph: Graph, nodes: readonly Node[], cut: readonly string[]): Graph {
  const passed = new Set(graph.inputs.map(({ name }) => name));
  const outputs = cut.filter((name) => !passed.has(name)).map((name): Value => ({ name, ...typeOf(graph, name)! }));
  return runPasses({ ...graph, name: "backbone", nodes, outputs }, [removeUnused]);
}

interface Part {
  readonly own: readonly Node[];
  readonly reads: ReadonlyMap<string, string>;
  readonly backbone: Graph;
}

function headOf(name: string, graph: Graph, { own, reads, backbone }: Part): Graph {
  if (own.length === 0) {
    throw new CompilerError(
      "invalid-argument",
      `Expected "${name}" to add something of its own, but all of it is shared with the others; leave it out, or train its head first.`,
    );
  }
  const offered = [...backbone.inputs, ...backbone.outputs];
  const inputs = [...new Set(reads.values())].map((value): Value => offered.find((each) => each.name === value)!);
  return runPasses({ ...graph, name, inputs, nodes: renameReads(own, reads) }, [removeUnused]);
}

/** Names a backbone by its bytes and by what it offers, so that a head made for another one is refused before it runs. */
function interfaceOf(backbone: Graph): string {
  const outputs = backbone.outputs.map(({ name, dtype, shape }) => ({ name, dtype, shape: shape ?? null }));
  return digestOf(canonicalBytes({ v: 1, outputs, backbone: digestOf(serializeModel(backbone)) }));
}

function requireSeveral(models: readonly MergedModel[]): void {
  const names = models.map(({ name }) => name);
  if (models.length >= 2 && new Set(names).size === names.length) return;
  throw new CompilerError(
    "invalid-argument",
    `Expected two models or more with different names to merge, got ${names.join(", ") || "none"}; name each file once.`,
  );
}

function nothingShared(models: readonly MergedModel[]): CompilerError {
  return new CompilerError(
    "nothing-shared",
    `Expected ${models.map(({ name }) => name).join(", ")} to begin alike, but not one operator has equal inputs, weights and attributes in all of them; train their heads on one frozen backbone.`,
  );
}
