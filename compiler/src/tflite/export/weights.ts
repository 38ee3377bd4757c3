import type { Node } from "../../graph/graph.ts";
import { elementCount, floatsOf, floatTensor, type Tensor } from "../../graph/tensor.ts";
import { quantizedConstant } from "../../quantize/lower-to-qdq.ts";
import type { QuantParameters } from "../../quantize/quant-plan.ts";
import type { TfliteOptions } from "../tflite-model.ts";
import { transposedIntegers, transposedTensor } from "../transposed-tensor.ts";
import type { Exporter, Form, Kind } from "./exporter.ts";
import { quantizationOf } from "./quantization.ts";
import { bytesOf } from "./tflite-builder.ts";

/** An operator with weights, its weight and bias being inputs 1 and 2 of the node. */
export interface Weighted {
  readonly op: string;
  readonly data: number;
  readonly kind: Kind;
  /** The form in which the result is held. */
  readonly form: Form;
  readonly weight: Tensor;
  /** The shape that the weights are seen in before they are reordered; their own unless given. */
  readonly seenAs?: readonly number[];
  /** Where each axis of TFLite's weights comes from. */
  readonly order: readonly number[];
  /** The shape that TFLite's weights have in the end; that of the reordered ones unless given. */
  readonly shape?: readonly number[];
  /** The axis of TFLite's weights along which channels lie. */
  readonly axis: number;
  readonly options: TfliteOptions;
}

/** Adds an operator with weights and a bias, in floats or at the plan's scales; a missing bias is written as zeros. */
export function addWeighted(exporter: Exporter, node: Node, parts: Weighted): void {
  const { op, data, kind, form, options } = parts;
  const parameters = kind === "integers" ? exporter.plan.get(node.inputs[1]!)! : undefined;
  const weights =
    parameters === undefined ? floatWeights(exporter, parts) : integerWeights(exporter, parts, parameters);
  const bias = biasOf(exporter, node, { parts, parameters });
  exporter.make(op, [data, weights, bias], { value: exporter.outputOf(node), kind, form }, options);
}

function floatWeights(exporter: Exporter, { weight, seenAs = weight.shape, order, shape }: Weighted): number {
  const moved = transposedTensor(floatsOf(weight), seenAs, order);
  return exporter.builder.floats(floatsOf(moved), shape ?? moved.shape);
}

function integerWeights(
  exporter: Exporter,
  { weight, seenAs = weight.shape, order, shape, axis }: Weighted,
  parameters: QuantParameters,
): number {
  const { bytes } = quantizedConstant(weight, parameters);
  const integers = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data = bytesOf(transposedIntegers(integers, seenAs, order));
  const target = shape ?? order.map((from) => seenAs[from]!);
  return exporter.builder.constant({
    type: "int8",
    shape: target,
    data,
    quantization: quantizationOf({ ...parameters, axis }),
  });
}

function biasOf(
  exporter: Exporter,
  node: Node,
  { parts, parameters }: { readonly parts: Weighted; readonly parameters: QuantParameters | undefined },
): number {
  const channels = parameters?.scale.length ?? channelCount(parts);
  const given = node.inputs[2] ? exporter.constantOf(node, 2) : floatTensor(new Float32Array(channels));
  const single = elementCount(given.shape) === 1 ? floatsOf(given)[0]! : undefined;
  const bias = single === undefined ? given : floatTensor(new Float32Array(channels).fill(single));
  if (elementCount(bias.shape) !== channels)
    throw exporter.unsupported(node, `its bias [${given.shape}] is not one value for each of ${channels} channels`);
  if (parameters === undefined) return exporter.builder.floats(floatsOf(bias));
  const inputScale = exporter.plan.get(node.inputs[0]!)!.scale[0]!;
  const scale = parameters.scale.map((each) => each * inputScale);
  const quantization = { dtype: "int32", axis: 0, scale, zeroPoint: 0, source: { kind: "bias" } } as const;
  const integers = quantizedConstant({ ...bias, shape: [channels] }, quantization);
  return exporter.builder.constant({
    type: "int32",
    shape: [channels],
    data: integers.bytes,
    quantization: quantizationOf(quantization),
  });
}

function channelCount({ weight, seenAs = weight.shape, order, shape, axis }: Weighted): number {
  return (shape ?? order.map((from) => seenAs[from]!))[axis]!;
}
