import { attribute } from "../../graph/graph.ts";
import { floatsOf } from "../../graph/tensor.ts";
import { optionsOf, type TfliteOperator, type TfliteTensor } from "../tflite-model.ts";
import { transposedTensor } from "../transposed-tensor.ts";
import { type ConvolutionOptions, paddingBefore, paddings, paddingTotal } from "../window.ts";
import { type Importer, type ImportRule, intsOf, toPlanes } from "./importer.ts";

/** CONV_2D: Conv with explicit pads, weights [M, h, w, I] as [M, I, h, w]. */
export const importConvolution: ImportRule = (importer, operator) => {
  const weight = importer.floats(operator, 1);
  const [channels, filters] = [imageSizes(importer, operator).channels, weight.shape[3] ?? 0];
  if (weight.shape.length !== 4 || filters === 0 || channels % filters !== 0)
    throw importer.unsupported(operator, `its weights [${weight.shape}] do not fit ${channels} channels`);
  const options = optionsOf(operator, "Conv2DOptions");
  const relaid = transposedTensor(floatsOf(weight), weight.shape, toPlanes);
  addConv(importer, operator, { options, weight: relaid, group: channels / filters });
};

/** DEPTHWISE_CONV_2D: Conv with as many groups as channels, weights [1, h, w, C · m] as [C · m, 1, h, w]. */
export const importDepthwiseConvolution: ImportRule = (importer, operator) => {
  const weight = importer.floats(operator, 1);
  const { channels } = imageSizes(importer, operator);
  if (weight.shape.length !== 4 || weight.shape[0] !== 1 || weight.shape[3]! % channels !== 0)
    throw importer.unsupported(operator, `its weights [${weight.shape}] do not fit ${channels} channels`);
  const options = optionsOf(operator, "DepthwiseConv2DOptions");
  const relaid = transposedTensor(floatsOf(weight), weight.shape, [3, 0, 1, 2]);
  addConv(importer, operator, { options, weight: relaid, group: channels });
};

/** AVERAGE_POOL_2D and MAX_POOL_2D: padding counts for neither. */
export const importAveragePool: ImportRule = (importer, operator) => importPool(importer, operator, "AveragePool");
export const importMaxPool: ImportRule = (importer, operator) => importPool(importer, operator, "MaxPool");

interface ConvParts {
  readonly options: ConvolutionOptions;
  readonly weight: ReturnType<typeof transposedTensor>;
  readonly group: number;
}

function addConv(importer: Importer, operator: TfliteOperator, { options, weight, group }: ConvParts): void {
  const { padding = 0, strideW = 1, strideH = 1, dilationW = 1, dilationH = 1, activation } = options;
  const kernel = weight.shape.slice(2);
  const inputs = [importer.planes(importer.input(operator, 0).place), importer.builder.constant(weight)];
  if (importer.hasInput(operator, 2)) inputs.push(importer.builder.constant(importer.floats(operator, 2)));
  const steps = { strides: [strideH, strideW], dilations: [dilationH, dilationW] };
  const window = windowAttributes(importer, operator, { padding, kernel, ...steps });
  const attributes = { ...window, ...(group === 1 ? {} : { group: attribute.int(group) }) };
  const sum = importer.builder.add("Conv", inputs, { attributes });
  importer.setPlanes(importer.output(operator).place, importer.activated(operator, sum, activation));
}

function importPool(importer: Importer, operator: TfliteOperator, op: "AveragePool" | "MaxPool"): void {
  const options = optionsOf(operator, "Pool2DOptions");
  const { padding = 0, strideW = 1, strideH = 1, filterW = 1, filterH = 1, activation } = options;
  const { height, width } = imageSizes(importer, operator);
  const inputs = [importer.planes(importer.input(operator, 0).place)];
  const seesAll = padding === paddings.valid && filterH === height && filterW === width;
  const kernel = [filterH, filterW];
  const attributes = windowAttributes(importer, operator, {
    padding,
    kernel,
    strides: [strideH, strideW],
    dilations: [1, 1],
  });
  const pooled = seesAll
    ? importer.builder.add(op === "AveragePool" ? "GlobalAveragePool" : "GlobalMaxPool", inputs)
    : importer.builder.add(op, inputs, { attributes: { kernel_shape: attribute.ints(kernel), ...attributes } });
  importer.setPlanes(importer.output(operator).place, importer.activated(operator, pooled, activation));
}

interface WindowSteps {
  readonly padding: number;
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
}

function windowAttributes(importer: Importer, operator: TfliteOperator, steps: WindowSteps) {
  const { padding, kernel, strides, dilations } = steps;
  if ([...kernel, ...strides, ...dilations].some((step) => step < 1))
    throw importer.unsupported(operator, `its window of ${kernel} has steps ${strides} and ${dilations}`);
  const { height, width } = imageSizes(importer, operator);
  const axes = [height, width].map((from, axis) => {
    return { padding, from, kernel: kernel[axis]!, stride: strides[axis]!, dilation: dilations[axis]! };
  });
  const before = axes.map(paddingBefore);
  const pads = [...before, ...axes.map((axis, index) => paddingTotal(axis) - before[index]!)];
  const isPadded = pads.some((size) => size > 0);
  return intsOf({
    strides,
    ...(dilations.some((size) => size > 1) ? { dilations } : {}),
    ...(isPadded ? { pads } : {}),
  });
}

function imageSizes(importer: Importer, operator: TfliteOperator) {
  const { shape }: TfliteTensor = importer.input(operator, 0).tensor;
  if (shape.length !== 4) throw importer.unsupported(operator, `it reads [${shape}] in place of four sizes`);
  const [, height, width, channels] = shape as [number, number, number, number];
  return { height, width, channels };
}
