import { createHash } from "node:crypto";
import type { Attribute, Graph, Node } from "../graph/graph.ts";
import type { Tensor } from "../graph/tensor.ts";
import { encodeMessage } from "../onnx/codec.ts";

/**
 * Names every value of a graph by what computes it: inputs by place and type, constants by their bytes, the rest by operator,
 * attributes and the digests of what they read. Two values with one digest are equal for equal inputs, whatever their names.
 */
export function valueDigests(graph: Graph): ReadonlyMap<string, string> {
  const digests = new Map<string, string>([["", "absent"]]);
  for (const [index, { name, dtype, shape }] of graph.inputs.entries()) {
    digests.set(name, digest(["input", index, dtype, shape ?? null]));
  }
  for (const [name, tensor] of graph.initializers) digests.set(name, digestOfTensor(tensor));
  for (const node of graph.nodes) {
    const made = digest([node.domain, node.op, attributesOf(node), node.inputs.map((input) => digests.get(input)!)]);
    for (const [index, output] of node.outputs.entries()) if (output !== "") digests.set(output, `${made}.${index}`);
  }
  return digests;
}

function attributesOf(node: Node): readonly (readonly [string, unknown])[] {
  const names = Object.keys(node.attributes).sort();
  return names.map((name) => [name, encoded(node.attributes[name]!)]);
}

function encoded(attribute: Attribute): unknown {
  if (attribute.kind === "tensor") return digestOfTensor(attribute.value);
  if (attribute.kind === "other") return Buffer.from(encodeMessage("Attribute", attribute.value)).toString("base64");
  return [attribute.kind, attribute.value];
}

function digestOfTensor({ dtype, shape, bytes, strings }: Tensor): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([dtype, shape]))
    .update(bytes);
  for (const text of strings ?? []) hash.update(JSON.stringify([...text]));
  return hash.digest("hex");
}

function digest(parts: readonly unknown[]): string {
  const text = JSON.stringify(parts, (_, value) => (typeof value === "bigint" ? `${value}n` : value));
  return createHash("sha256").update(text).digest("hex");
}
