import { CompilerError } from "../../errors.ts";
import { attribute, type Graph } from "../../graph/graph.ts";
import { GraphBuilder } from "../../graph/graph-builder.ts";
import { floatScalar } from "../../graph/tensor.ts";
import { parseTflite } from "../parse-tflite.ts";
import type { TfliteModel, TfliteTensor } from "../tflite-model.ts";
import { importBinary, importClip, importLeakyRelu, importSoftmax, importUnary } from "./elementwise.ts";
import { Importer, type ImportRule, toPlanes } from "./importer.ts";
import { importFullyConnected } from "./matrices.ts";
import { importConcatenation, importMean, importPad, importReshape, importTranspose } from "./movement.ts";
import { type PixelRange, pixelRanges } from "./pixel-range.ts";
import { importAveragePool, importConvolution, importDepthwiseConvolution, importMaxPool } from "./windows.ts";

/** Halves or integers that a model holds for smaller files become floats where they are constants. */
const importDequantize: ImportRule = (importer, operator) => {
  importer.setConstant(importer.output(operator).place, importer.floats(operator, 0));
};

/** Every operator that can be imported, one line each. */
const rules: Readonly<Record<string, ImportRule>> = {
  ABS: importUnary("Abs"),
  ADD: importBinary("Add", "AddOptions"),
  AVERAGE_POOL_2D: importAveragePool,
  CONCATENATION: importConcatenation,
  CONV_2D: importConvolution,
  DEPTHWISE_CONV_2D: importDepthwiseConvolution,
  DEQUANTIZE: importDequantize,
  DIV: importBinary("Div", "DivOptions"),
  EXP: importUnary("Exp"),
  EXPAND_DIMS: importReshape,
  FULLY_CONNECTED: importFullyConnected,
  HARD_SWISH: importUnary("HardSwish"),
  LEAKY_RELU: importLeakyRelu,
  LOG: importUnary("Log"),
  LOGISTIC: importUnary("Sigmoid"),
  MAXIMUM: importBinary("Max"),
  MAX_POOL_2D: importMaxPool,
  MEAN: importMean,
  MINIMUM: importBinary("Min"),
  MUL: importBinary("Mul", "MulOptions"),
  NEG: importUnary("Neg"),
  PAD: importPad,
  PADV2: importPad,
  RELU: importUnary("Relu"),
  RELU6: importClip(0, 6),
  RELU_N1_TO_1: importClip(-1, 1),
  RESHAPE: importReshape,
  SOFTMAX: importSoftmax,
  SQRT: importUnary("Sqrt"),
  SQUEEZE: importReshape,
  SUB: importBinary("Sub", "SubOptions"),
  TANH: importUnary("Tanh"),
  TRANSPOSE: importTranspose,
};

/** The TFLite operators that can be imported, by name. */
export const readOperators: readonly string[] = Object.keys(rules);

/** What may be said of a model beside its file. */
export interface ImportOptions {
  /**
   * What the pixels are that its image input [N, H, W, 3] takes. The graph then reads raw bytes, `image` uint8 [N, H, W, 3],
   * as a backbone does; without it the graph keeps the file's own inputs.
   */
  readonly pixels?: PixelRange;
}

/**
 * Turns a float TFLite model into an ONNX graph that computes the same: planes [N, C, H, W] inside, explicit pads, separate
 * activations. Inputs and outputs keep names and axis order; a batch that the file leaves open stays open as `N`.
 * @throws {CompilerError} `malformed-model`, `unsupported-operator` naming operator and tensor, `shape-mismatch` where
 *   pixels were named but no image is read
 */
export function importTflite(bytes: Uint8Array, options: ImportOptions = {}): Graph {
  const model = parseTflite(bytes);
  const hasFreeBatch = model.inputs.every((place) => model.tensors[place]!.signature?.[0] === -1);
  const builder = new GraphBuilder(model.name || "tflite");
  const importer = new Importer(builder, model, hasFreeBatch);
  expectDistinctNames(model);
  builder.reserve([...model.inputs, ...model.outputs].map((place) => model.tensors[place]!.name));
  for (const place of model.inputs) addInput(importer, place, options);
  for (const operator of model.operators) {
    const rule = rules[operator.op];
    if (rule === undefined) throw importer.unsupported(operator, "this compiler has no rule for it");
    rule(importer, operator);
  }
  return namedOutputs(importer);
}

function addInput(importer: Importer, place: number, { pixels }: ImportOptions): void {
  const tensor = importer.model.tensors[place]!;
  expectFloats(tensor);
  const shape = importer.hasFreeBatch ? ["N", ...tensor.shape.slice(1)] : tensor.shape;
  if (pixels === undefined) importer.setPlain(place, importer.builder.input(tensor.name, "float32", shape));
  else addImage(importer, place, pixels);
}

function addImage(importer: Importer, place: number, pixels: PixelRange): void {
  const { builder, model } = importer;
  const { name, shape } = model.tensors[place]!;
  if (shape.length !== 4 || shape[3] !== 3 || model.inputs.length !== 1) {
    throw new CompilerError(
      "shape-mismatch",
      `Expected a model that reads one image [N, H, W, 3], since its pixels were named, found input "${name}" [${shape}]; leave the pixels out.`,
    );
  }
  const { middle, step } = pixelRanges[pixels];
  const bytes = builder.input("image", "uint8", [importer.hasFreeBatch ? "N" : shape[0]!, shape[1]!, shape[2]!, 3]);
  let value = builder.add("Cast", [importer.transposed(bytes, toPlanes)], { attributes: { to: attribute.int(1) } });
  if (middle !== 0) value = builder.add("Sub", [value, builder.constant(floatScalar(middle))]);
  if (step !== 1) value = builder.add("Mul", [value, builder.constant(floatScalar(step))]);
  importer.setPlanes(place, value);
}

function expectFloats({ name, type }: TfliteTensor): void {
  if (type === "float32") return;
  throw new CompilerError(
    "unsupported-operator",
    `Cannot import input "${name}": it takes ${type}; give the float model, which fieldloop quantizes itself, or run this file as it is.`,
  );
}

function expectDistinctNames({ tensors, inputs, outputs }: TfliteModel): void {
  const places = [...new Set([...inputs, ...outputs])];
  const names = places.map((place) => tensors[place]!.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new CompilerError(
    "malformed-model",
    `Cannot read the TFLite file: expected inputs and outputs of different names, found "${twice}" twice; rename one.`,
  );
}

/** The graph with its outputs named as the file names them, each made by a node of its own. */
function namedOutputs(importer: Importer): Graph {
  const { builder, model } = importer;
  for (const place of model.outputs) {
    const { name } = model.tensors[place]!;
    const value = importer.plain(place);
    const maker = builder.nodes.findIndex(({ outputs }) => outputs.includes(value));
    const isRead = builder.nodes.some(({ inputs }) => inputs.includes(value));
    if (value === name) builder.output(name);
    else if (maker === -1 || isRead) builder.output(builder.add("Identity", [value], { outputs: [name] }));
    else {
      const node = builder.nodes.splice(maker, 1)[0]!;
      builder.append({ ...node, outputs: [name] });
      builder.output(name);
    }
  }
  return builder.build();
}
