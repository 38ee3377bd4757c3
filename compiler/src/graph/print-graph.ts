import type { Attribute, Graph, Node, ValueType } from "./graph.ts";
import { typeOf } from "./graph.ts";

/** The graph as text, one node a line: `y = Conv(x, w) {pads: [1, 1, 1, 1]} : float32 [N, 8, 32, 32]`. */
export function printGraph(graph: Graph): string {
  return [
    `graph ${graph.name}(${graph.inputs.map((input) => `${input.name}: ${printType(input)}`).join(", ")})`,
    ...[...graph.initializers].map(([name, tensor]) => `  const ${name} : ${printType(tensor)}`),
    ...graph.nodes.map(
      (node) => `  ${printNode(node)} : ${node.outputs.map((name) => printType(typeOf(graph, name))).join(", ")}`,
    ),
    `  return ${graph.outputs.map((output) => output.name).join(", ")}`,
  ].join("\n");
}

/** One node as text, without the types of its outputs. */
export function printNode(node: Node): string {
  const attributes = Object.entries(node.attributes).map(([name, value]) => `${name}: ${printAttribute(value)}`);
  const suffix = attributes.length === 0 ? "" : ` {${attributes.join(", ")}}`;
  const domain = node.domain === "" ? "" : `${node.domain}.`;
  return `${node.outputs.join(", ")} = ${domain}${node.op}(${node.inputs.join(", ")})${suffix}`;
}

function printType(type: ValueType | undefined): string {
  return type === undefined ? "?" : `${type.dtype} ${type.shape === undefined ? "[?]" : `[${type.shape.join(", ")}]`}`;
}

function printAttribute(attribute: Attribute): string {
  if (attribute.kind === "tensor") return printType(attribute.value);
  if (attribute.kind === "other") return "…";
  return Array.isArray(attribute.value) ? `[${attribute.value.join(", ")}]` : String(attribute.value);
}
