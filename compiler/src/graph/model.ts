import { CompilerError } from "../errors.ts";
import { decodeMessage, encodeMessage } from "../onnx/codec.ts";
import type { ReadExternalData } from "../onnx/external-data.ts";
import { inlineFunctions } from "../onnx/inline-functions.ts";
import type { Message } from "../onnx/schema.ts";
import { dataTypeNumber, dataTypeOf } from "./data-type.ts";
import type { Attribute, Dimension, Graph, Node, Value, ValueType } from "./graph.ts";
import { saturated, type Tensor } from "./tensor.ts";
import { tensorFromMessage, tensorToMessage } from "./tensor-message.ts";

const attributeTypes = { float: 1, int: 2, string: 3, tensor: 4, floats: 6, ints: 7 } as const;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** What reading a model may reach for beside its bytes. */
export interface ParseOptions {
  /** Reads weights that lie in other files; see `externalDataIn`. Without it a model that has such is refused. */
  readonly readExternalData?: ReadExternalData;
}

/**
 * Reads an ONNX file into a graph; initializers that old files repeat among the inputs are dropped there, and calls of the
 * model's own functions become the functions' nodes.
 * @throws {CompilerError} `malformed-model`, `external-data`, `sparse-weights` or `unsupported-operator`
 */
export function parseModel(bytes: Uint8Array, { readExternalData }: ParseOptions = {}): Graph {
  const model = inlineFunctions(decodeMessage("Model", bytes));
  const { graph, opsetImport, irVersion, metadataProps, ...rest } = model;
  if (graph === undefined) {
    throw new CompilerError(
      "malformed-model",
      "Expected an ONNX model with a graph, but the file has none; check that it is an .onnx file.",
    );
  }
  const { node, name, initializer, input, output, valueInfo, sparseInitializer, ...graphRest } = graph;
  refuseSparse(sparseInitializer ?? []);
  const tensorOf = (tensor: Message<"Tensor">) => tensorFromMessage(tensor, readExternalData);
  const initializers = new Map((initializer ?? []).map((tensor) => [tensor.name ?? "", tensorOf(tensor)]));
  const knownValues = (valueInfo ?? []).filter((info) => info.type?.tensorType !== undefined);
  return {
    name: name ?? "",
    inputs: (input ?? []).map(valueFromMessage).filter((value) => !initializers.has(value.name)),
    outputs: (output ?? []).map(valueFromMessage),
    nodes: (node ?? []).map((message) => nodeFromMessage(message, tensorOf)),
    initializers,
    types: new Map(knownValues.map((info) => [info.name ?? "", typeFromMessage(info.type)])),
    opsets: new Map((opsetImport ?? []).map((entry) => [standardDomain(entry.domain), saturated(entry.version ?? 1)])),
    irVersion: saturated(irVersion ?? 0),
    metadata: new Map((metadataProps ?? []).map((entry) => [entry.key ?? "", entry.value ?? ""])),
    rest: { ...rest, graph: graphRest },
  };
}

/** Writes a graph as an ONNX file; the same graph gives the same bytes. */
export function serializeModel(graph: Graph): Uint8Array {
  return encodeMessage("Model", {
    irVersion: graph.irVersion,
    producerName: "fieldloop",
    ...graph.rest,
    graph: {
      ...graph.rest.graph,
      node: graph.nodes.map(nodeToMessage),
      name: graph.name,
      initializer: [...graph.initializers].map(([name, tensor]) => tensorToMessage(name, tensor)),
      input: graph.inputs.map(valueToMessage),
      output: graph.outputs.map(valueToMessage),
      valueInfo: [...graph.types].map(([name, type]) => valueToMessage({ name, ...type })),
    },
    opsetImport: [...graph.opsets].map(([domain, version]) => ({ domain, version })),
    metadataProps: [...graph.metadata].map(([key, value]) => ({ key, value })),
  });
}

function refuseSparse(sparse: readonly Message<"SparseTensor">[]): void {
  if (sparse.length === 0) return;
  throw new CompilerError(
    "sparse-weights",
    `Cannot read tensor "${sparse[0]?.values?.name ?? ""}": it is stored sparsely; save the model with dense weights.`,
  );
}

function standardDomain(domain: string | undefined): string {
  return domain === undefined || domain === "ai.onnx" ? "" : domain;
}

function valueFromMessage(info: Message<"ValueInfo">): Value {
  const value = { name: info.name ?? "", ...typeFromMessage(info.type) };
  return info.type?.tensorType === undefined ? { ...value, proto: info } : value;
}

function typeFromMessage(type: Message<"Type"> | undefined): ValueType {
  const tensor = type?.tensorType;
  return {
    dtype: dataTypeOf(tensor?.elemType ?? 0),
    shape: tensor?.shape && (tensor.shape.dim ?? []).map(dimensionFrom),
  };
}

function dimensionFrom(dimension: Message<"Dimension">): Dimension {
  return dimension.dimValue === undefined ? (dimension.dimParam ?? "") : saturated(dimension.dimValue);
}

function valueToMessage(value: Value): Message<"ValueInfo"> {
  if (value.proto !== undefined) return value.proto;
  const shape = value.shape && { dim: value.shape.map(dimensionTo) };
  return {
    name: value.name,
    type: { tensorType: { elemType: dataTypeNumber(value.dtype), ...(shape === undefined ? {} : { shape }) } },
  };
}

function dimensionTo(dimension: Dimension): Message<"Dimension"> {
  if (typeof dimension === "number") return { dimValue: dimension };
  return dimension === "" ? {} : { dimParam: dimension };
}

type TensorOf = (message: Message<"Tensor">) => Tensor;

function nodeFromMessage(message: Message<"Node">, tensorOf: TensorOf): Node {
  return {
    op: message.opType ?? "",
    domain: standardDomain(message.domain),
    name: message.name ?? "",
    inputs: message.input ?? [],
    outputs: message.output ?? [],
    attributes: Object.fromEntries(
      (message.attribute ?? []).map((one) => [one.name ?? "", attributeFromMessage(one, tensorOf)]),
    ),
  };
}

function attributeFromMessage(message: Message<"Attribute">, tensorOf: TensorOf): Attribute {
  switch (message.refAttrName === undefined ? message.type : undefined) {
    case attributeTypes.float:
      return { kind: "float", value: message.f ?? 0 };
    case attributeTypes.int:
      return { kind: "int", value: message.i ?? 0 };
    case attributeTypes.string:
      return stringFrom(message);
    case attributeTypes.tensor:
      return message.t === undefined
        ? { kind: "other", value: message }
        : { kind: "tensor", value: tensorOf(message.t) };
    case attributeTypes.floats:
      return { kind: "floats", value: message.floats ?? [] };
    case attributeTypes.ints:
      return { kind: "ints", value: message.ints ?? [] };
    default:
      return { kind: "other", value: message };
  }
}

function stringFrom(message: Message<"Attribute">): Attribute {
  try {
    return { kind: "string", value: utf8.decode(message.s ?? new Uint8Array(0)) };
  } catch {
    return { kind: "other", value: message };
  }
}

function nodeToMessage(node: Node): Message<"Node"> {
  return {
    input: node.inputs,
    output: node.outputs,
    ...(node.name === "" ? {} : { name: node.name }),
    opType: node.op,
    attribute: Object.entries(node.attributes).map(([name, value]) => attributeToMessage(name, value)),
    ...(node.domain === "" ? {} : { domain: node.domain }),
  };
}

function attributeToMessage(name: string, attribute: Attribute): Message<"Attribute"> {
  switch (attribute.kind) {
    case "float":
      return { name, f: attribute.value, type: attributeTypes.float };
    case "int":
      return { name, i: attribute.value, type: attributeTypes.int };
    case "string":
      return { name, s: new TextEncoder().encode(attribute.value), type: attributeTypes.string };
    case "tensor":
      return { name, t: tensorToMessage(undefined, attribute.value), type: attributeTypes.tensor };
    case "floats":
      return { name, floats: attribute.value, type: attributeTypes.floats };
    case "ints":
      return { name, ints: attribute.value, type: attributeTypes.ints };
    case "other":
      return attribute.value;
  }
}
