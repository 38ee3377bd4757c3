import { attribute, type Node } from "../../graph/graph.ts";
import { floatTensor } from "../../graph/tensor.ts";
import { constantFloats } from "../constants.ts";
import type { OptionsName } from "../flatbuffer/schema.ts";
import { optionsOf, type TfliteOperator } from "../tflite-model.ts";
import { transposedTensor } from "../transposed-tensor.ts";
import { type Importer, type ImportRule, toPlanes } from "./importer.ts";

/** An operator of one input that treats each element alone. */
export function importUnary(op: string, attributes: Node["attributes"] = {}): ImportRule {
  return (importer, operator) =>
    keepingForm(importer, operator, (name) => importer.builder.add(op, [name], { attributes }));
}

/** RELU6 and RELU_N1_TO_1. */
export function importClip(low: number, high: number): ImportRule {
  return (importer, operator) => keepingForm(importer, operator, (name) => importer.clipped(name, low, high));
}

/** LEAKY_RELU. */
export const importLeakyRelu: ImportRule = (importer, operator) => {
  const { alpha = 0 } = optionsOf(operator, "LeakyReluOptions");
  importUnary("LeakyRelu", { alpha: attribute.float(alpha) })(importer, operator);
};

/** SOFTMAX over the last axis. */
export const importSoftmax: ImportRule = (importer, operator) => {
  const { beta = 1 } = optionsOf(operator, "SoftmaxOptions");
  const { place } = importer.input(operator, 0);
  const factor = beta === 1 ? undefined : importer.builder.constant(floatTensor([beta], []));
  const name = importer.plain(place);
  const steep = factor === undefined ? name : importer.builder.add("Mul", [name, factor]);
  const attributes = { axis: attribute.int(-1) };
  importer.setPlain(importer.output(operator).place, importer.builder.add("Softmax", [steep], { attributes }));
};

type BinaryOptions = Extract<OptionsName, "AddOptions" | "SubOptions" | "MulOptions" | "DivOptions">;

/** An operator of two inputs that broadcast, with a fused activation where its options have one. */
export function importBinary(op: string, kind?: BinaryOptions): ImportRule {
  return (importer, operator) => {
    const activation = kind === undefined ? 0 : optionsOf(operator, kind).activation;
    const sides = [0, 1].map((position) => importer.input(operator, position));
    const { place, tensor } = importer.output(operator);
    const isDynamic = ({ tensor: { data } }: (typeof sides)[number]) => data === undefined;
    const inPlanes =
      tensor.shape.length === 4 &&
      sides.some((side) => importer.hasPlanes(side.place)) &&
      sides.every((side) => !isDynamic(side) || side.tensor.shape.length === 4);
    const names = sides.map((side) => {
      if (!inPlanes) return importer.plain(side.place);
      return isDynamic(side) ? importer.planes(side.place) : constantPlanes(importer, operator, side.tensor);
    });
    const result = importer.activated(operator, importer.builder.add(op, names), activation);
    if (inPlanes) importer.setPlanes(place, result);
    else importer.setPlain(place, result);
  };
}

/** Adds nodes that treat each element alone, in whatever form the input exists. */
function keepingForm(importer: Importer, operator: TfliteOperator, add: (name: string) => string): void {
  const { place } = importer.input(operator, 0);
  const output = importer.output(operator).place;
  if (importer.hasPlanes(place)) importer.setPlanes(output, add(importer.planes(place)));
  else importer.setPlain(output, add(importer.plain(place)));
}

function constantPlanes(
  importer: Importer,
  operator: TfliteOperator,
  tensor: ReturnType<Importer["input"]>["tensor"],
): string {
  const values = constantFloats(tensor);
  if (values === undefined) throw importer.unsupported(operator, `its input "${tensor.name}" holds ${tensor.type}`);
  const shape = [1, 1, 1, 1, ...tensor.shape].slice(-4);
  return importer.builder.constant(transposedTensor(values, shape, toPlanes));
}
