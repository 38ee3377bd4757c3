import type { Attribute, Node, ValueType } from "../graph/graph.ts";
import type { Tensor } from "../graph/tensor.ts";

/** What an adapter may ask of the graph around its node, and the constants it may add. */
export interface AdapterContext {
  /** What is known of a value's type. */
  typeOf(name: string): ValueType | undefined;
  /** The tensor behind an input, when it is given and constant. */
  constantOf(name: string | undefined): Tensor | undefined;
  /** Adds a constant and returns its name. */
  constant(hint: string, tensor: Tensor): string;
  /** A name that no value has yet. */
  freshName(hint: string): string;
}

/** Why a node cannot be written for the other side of an opset, as the end of a sentence: "because …". */
export interface NotAdaptable {
  readonly because: string;
}

/**
 * Carries one operator over the one opset that changed it: a raising adapter from the form before `opset` to the form from
 * there on, a lowering one the other way. What comes out computes the same.
 */
export interface OpsetAdapter {
  readonly ops: readonly string[];
  readonly opset: number;
  readonly adapt: (node: Node, context: AdapterContext) => readonly Node[] | NotAdaptable;
}

/** A node of the standard domain. */
export function standardNode(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, Attribute>> = {},
): Node {
  return { op, domain: "", name: "", inputs, outputs, attributes };
}

/** The node without some of its attributes. */
export function withoutAttributes(node: Node, ...names: readonly string[]): Node {
  const kept = Object.entries(node.attributes).filter(([name]) => !names.includes(name));
  return { ...node, attributes: Object.fromEntries(kept) };
}

/** Inputs without the omitted ones at the end. */
export function trimmedInputs(inputs: readonly string[]): readonly string[] {
  return inputs.slice(0, inputs.findLastIndex((name) => name !== "") + 1);
}
