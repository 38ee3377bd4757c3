import { elementCount } from "../../graph/tensor.ts";
import { optionsOf, type TfliteOperator, type TfliteTensor } from "../tflite-model.ts";

/** An operator before its version is known, with the tensors it reads and makes. */
export interface UnversionedOperator {
  readonly operator: Omit<TfliteOperator, "version">;
  readonly inputs: readonly TfliteTensor[];
  readonly output: TfliteTensor;
}

type VersionRule = (call: UnversionedOperator) => number;

const isInt8 = ({ inputs }: UnversionedOperator) => inputs[0]?.type === "int8";
const withInt8: VersionRule = (call) => (isInt8(call) ? 2 : 1);
const always: VersionRule = () => 1;
const byRank: VersionRule = (call) => ((call.inputs[0]?.shape.length ?? 0) > 4 ? 4 : withInt8(call));

/** The version since which runtimes have each operator in the form written here, as op_version.cc of TFLite derives it. */
const rules: Readonly<Record<string, VersionRule>> = {
  ABS: withInt8,
  ADD: withInt8,
  AVERAGE_POOL_2D: withInt8,
  CAST: always,
  CONCATENATION: withInt8,
  CONV_2D: (call) => (isGrouped(call) ? 6 : isInt8(call) ? 3 : 1),
  DEPTHWISE_CONV_2D: (call) => (isInt8(call) ? 3 : isDilated(call) ? 2 : 1),
  DEQUANTIZE: withInt8,
  DIV: always,
  EXP: always,
  FULLY_CONNECTED: (call) => (isInt8(call) ? 4 : keepsAxes(call) ? 5 : 1),
  HARD_SWISH: always,
  LEAKY_RELU: always,
  LOG: always,
  LOGISTIC: withInt8,
  LOG_SOFTMAX: withInt8,
  MAXIMUM: withInt8,
  MAX_POOL_2D: withInt8,
  MEAN: withInt8,
  MINIMUM: withInt8,
  MUL: (call) => (productIsWide(call) ? 3 : withInt8(call)),
  NEG: always,
  PAD: byRank,
  PADV2: byRank,
  QUANTIZE: always,
  RELU: withInt8,
  RELU6: withInt8,
  RELU_N1_TO_1: always,
  RESHAPE: always,
  SOFTMAX: withInt8,
  SQRT: always,
  SUB: withInt8,
  TANH: withInt8,
  TRANSPOSE: byRank,
};

/**
 * The version of an operator that this room may write; understated, old runtimes compute silent garbage where they should
 * refuse. Undefined for an operator that is never written.
 */
export function operatorVersion(call: UnversionedOperator): number | undefined {
  return rules[call.operator.op]?.(call);
}

function isGrouped({ inputs }: UnversionedOperator): boolean {
  return inputs[0]?.shape[3] !== inputs[1]?.shape[3];
}

function isDilated({ operator }: UnversionedOperator): boolean {
  const { dilationW = 1, dilationH = 1 } = optionsOf({ ...operator, version: 1 }, "DepthwiseConv2DOptions");
  return dilationW !== 1 || dilationH !== 1;
}

function keepsAxes({ operator }: UnversionedOperator): boolean {
  return optionsOf({ ...operator, version: 1 }, "FullyConnectedOptions").keepNumDims === 1;
}

function productIsWide({ inputs, output }: UnversionedOperator): boolean {
  const [left, right, result] = [...inputs, output].map(({ quantization }) => quantization?.scale[0] ?? 0);
  return elementCount(output.shape) > 0 && result !== 0 && (left! * right!) / result! >= 1;
}
