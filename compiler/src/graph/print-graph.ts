import { dataTypeOf } from "./data-type.ts";
import { type Attribute, type Graph, type Node, typeOf, type Value, type ValueType } from "./graph.ts";
import { elementCount, floatsOf, integersOf, type Tensor } from "./tensor.ts";

const mostShownElements = 8;
const typeAttributes = ["to", "dtype", "output_dtype"];

/**
 * The graph as text for people, one value a line, in the order of computation:
 * `y = Conv(x, w) {pads: [1, 1, 1, 1]} : float32 [N, 8, 32, 32]`. An omitted input is `_`, what is not known is `?`,
 * small constants show their elements, large ones their bytes.
 */
export function printGraph(graph: Graph): string {
  const opsets = [...graph.opsets].map(([domain, version]) => `${domain === "" ? "opset" : domain} ${version}`);
  return [
    `graph ${graph.name} (${opsets.join(", ")})`,
    ...graph.inputs.map((input) => `  reads ${printPort(input)}`),
    ...[...graph.initializers].map(([name, tensor]) => `  const ${name} : ${printType(tensor)}${printContent(tensor)}`),
    ...graph.nodes.map((node) => `  ${printNode(node)} : ${typesOf(graph, node)}${node.name && `  # ${node.name}`}`),
    ...graph.outputs.map((output) => `  gives ${printPort(output)}`),
  ].join("\n");
}

function printNode(node: Node): string {
  const attributes = Object.entries(node.attributes).map(([name, value]) => `${name}: ${printAttribute(name, value)}`);
  const suffix = attributes.length === 0 ? "" : ` {${attributes.join(", ")}}`;
  const domain = node.domain === "" ? "" : `${node.domain}.`;
  return `${printNames(node.outputs)} = ${domain}${node.op}(${printNames(node.inputs)})${suffix}`;
}

function printNames(names: readonly string[]): string {
  return names.map((name) => (name === "" ? "_" : name)).join(", ");
}

function typesOf(graph: Graph, node: Node): string {
  return node.outputs.map((name) => (name === "" ? "_" : printType(typeOf(graph, name)))).join(", ");
}

function printPort(value: Value): string {
  return `${value.name} : ${value.proto === undefined ? printType(value) : "no tensor"}`;
}

function printType(type: ValueType | undefined): string {
  return type === undefined ? "?" : `${type.dtype} ${type.shape === undefined ? "[?]" : `[${type.shape.join(", ")}]`}`;
}

function printContent(tensor: Tensor): string {
  const elements = elementCount(tensor.shape) <= mostShownElements ? elementsOf(tensor) : undefined;
  if (elements === undefined) return tensor.strings === undefined ? `, ${tensor.bytes.length} bytes` : "";
  return ` = ${tensor.shape.length === 0 ? elements.join() : `[${elements.join(", ")}]`}`;
}

function elementsOf(tensor: Tensor): readonly (number | string)[] | undefined {
  if (tensor.strings !== undefined) return tensor.strings.map((each) => JSON.stringify(Buffer.from(each).toString()));
  if (tensor.dtype === "float32") return [...floatsOf(tensor)].map((value) => Number(value.toPrecision(6)));
  return ["int64", "int32", "int8", "uint8", "bool"].includes(tensor.dtype) ? integersOf(tensor) : undefined;
}

function printAttribute(name: string, attribute: Attribute): string {
  if (attribute.kind === "tensor") return `${printType(attribute.value)}${printContent(attribute.value)}`;
  if (attribute.kind === "other") return "…";
  if (attribute.kind === "int" && typeAttributes.includes(name)) return dataTypeOf(Number(attribute.value));
  if (attribute.kind === "float") return String(Number(attribute.value.toPrecision(6)));
  return Array.isArray(attribute.value) ? `[${attribute.value.join(", ")}]` : String(attribute.value);
}
