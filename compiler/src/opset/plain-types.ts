import { type DataType, dataTypeOf } from "../graph/data-type.ts";
import type { Attribute, Graph } from "../graph/graph.ts";

/** Element types that every operator which takes them took by opset 17, but for those that an adapter watches. */
const plainTypes: ReadonlySet<DataType> = new Set<DataType>([
  "float32",
  "float64",
  "float16",
  "int8",
  "int16",
  "int32",
  "int64",
  "uint8",
  "uint16",
  "uint32",
  "uint64",
  "bool",
]);

const typeAttributes = ["to", "dtype", "output_dtype"];

/** Whether no value of a graph can be of another than a plain type: neither what it names nor what its nodes cast to. */
export function speaksPlainTypes(graph: Graph): boolean {
  const values = [...graph.inputs, ...graph.outputs];
  const named = [...values, ...graph.initializers.values(), ...graph.types.values()].map(({ dtype }) => dtype);
  const made = graph.nodes.flatMap((node) =>
    Object.entries(node.attributes).flatMap(([name, attribute]) => typeOfAttribute(name, attribute)),
  );
  return values.every(({ proto }) => proto === undefined) && [...named, ...made].every((type) => plainTypes.has(type));
}

function typeOfAttribute(name: string, attribute: Attribute): readonly DataType[] {
  if (attribute.kind === "tensor") return [attribute.value.dtype];
  return attribute.kind === "int" && typeAttributes.includes(name) ? [dataTypeOf(Number(attribute.value))] : [];
}
