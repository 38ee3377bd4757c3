import type { Message } from "../onnx/schema.ts";
import type { DataType } from "./data-type.ts";
import { saturated, type Tensor } from "./tensor.ts";

/** One dimension: a size, or the name of a symbolic one such as `N`. */
export type Dimension = number | string;

/** Element type and shape of a value; an undefined shape means an unknown rank. */
export interface ValueType {
  readonly dtype: DataType;
  readonly shape: readonly Dimension[] | undefined;
}

/** A graph input or output: a named value with its type; `proto` keeps types that are no plain tensors. */
export interface Value extends ValueType {
  readonly name: string;
  readonly proto?: Message<"ValueInfo">;
}

/** An attribute of a node, one kind per ONNX attribute type that the IR understands; `other` passes through. */
export type Attribute =
  | { readonly kind: "int"; readonly value: number | bigint }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "ints"; readonly value: readonly (number | bigint)[] }
  | { readonly kind: "floats"; readonly value: readonly number[] }
  | { readonly kind: "tensor"; readonly value: Tensor }
  | { readonly kind: "other"; readonly value: Message<"Attribute"> };

/** One operation; inputs and outputs are value names, an empty name is an omitted optional. */
export interface Node {
  readonly op: string;
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/**
 * An ONNX graph as passes see it: immutable, nodes in an order in which every input exists before it is used,
 * initializers apart from the inputs. `types` holds what is known of other values (value_info or inference).
 */
export interface Graph {
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly nodes: readonly Node[];
  readonly initializers: ReadonlyMap<string, Tensor>;
  readonly types: ReadonlyMap<string, ValueType>;
  readonly opsets: ReadonlyMap<string, number>;
  readonly irVersion: number;
  readonly metadata: ReadonlyMap<string, string>;
  /** What the file held beside: producer, doc strings, local functions. */
  readonly rest: Message<"Model">;
}

/** Opset version of the standard ONNX domain in this graph. */
export function opsetOf(graph: Graph): number {
  return graph.opsets.get("") ?? 1;
}

/** The node that makes each value. */
export function producers(graph: Graph): ReadonlyMap<string, Node> {
  return new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
}

/** The nodes that read each value, in order; graph outputs are not counted. */
export function consumers(graph: Graph): ReadonlyMap<string, readonly Node[]> {
  const uses = new Map<string, Node[]>();
  for (const node of graph.nodes) {
    for (const input of new Set(node.inputs)) {
      if (input !== "") uses.set(input, [...(uses.get(input) ?? []), node]);
    }
  }
  return uses;
}

/** Whether a value leaves the graph. */
export function isGraphOutput(graph: Graph, name: string): boolean {
  return graph.outputs.some((output) => output.name === name);
}

/** What is known of a value's type: of inputs, outputs, initializers and inferred values. */
export function typeOf(graph: Graph, name: string): ValueType | undefined {
  const initializer = graph.initializers.get(name);
  if (initializer !== undefined) return { dtype: initializer.dtype, shape: initializer.shape };
  return (
    graph.inputs.find((value) => value.name === name) ??
    graph.types.get(name) ??
    graph.outputs.find((value) => value.name === name)
  );
}

/** An integer attribute as a number (saturating), or the fallback when absent. */
export function intAttribute(node: Node, name: string, fallback: number): number {
  const attribute = node.attributes[name];
  return attribute?.kind === "int" ? saturated(attribute.value) : fallback;
}

/** An integer-list attribute as numbers (saturating), or the fallback when absent. */
export function intsAttribute(node: Node, name: string, fallback: readonly number[]): readonly number[] {
  const attribute = node.attributes[name];
  return attribute?.kind === "ints" ? attribute.value.map(saturated) : fallback;
}

/** A float attribute, or the fallback when absent. */
export function floatAttribute(node: Node, name: string, fallback: number): number {
  const attribute = node.attributes[name];
  return attribute?.kind === "float" ? attribute.value : fallback;
}

/** A string attribute, or the fallback when absent. */
export function stringAttribute(node: Node, name: string, fallback: string): string {
  const attribute = node.attributes[name];
  return attribute?.kind === "string" ? attribute.value : fallback;
}

/** Attributes for making nodes. */
export const attribute = {
  int: (value: number): Attribute => ({ kind: "int", value }),
  float: (value: number): Attribute => ({ kind: "float", value }),
  string: (value: string): Attribute => ({ kind: "string", value }),
  ints: (value: readonly number[]): Attribute => ({ kind: "ints", value }),
  floats: (value: readonly number[]): Attribute => ({ kind: "floats", value }),
  tensor: (value: Tensor): Attribute => ({ kind: "tensor", value }),
} as const;
