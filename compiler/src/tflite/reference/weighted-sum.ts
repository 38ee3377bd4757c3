import { parametersOf, storedRange } from "./activation.ts";
import { type FixedPoint, fixedPointOf, scaled } from "./fixed-point.ts";
import { type KernelCall, type Operand, unsupported } from "./kernel.ts";

/** How sums of products of one operator are formed and stored: what to take off each factor, and what to make of a sum. */
export interface WeightedSum {
  readonly inputZero: number;
  readonly weightZero: number;
  /** The stored output of a channel's sum, bias included. */
  readonly finish: (sum: number, channel: number) => number;
}

interface Operands {
  readonly call: KernelCall;
  readonly data: Operand;
  readonly weight: Operand;
  readonly bias: Operand | undefined;
  readonly result: Operand;
  readonly activation: number;
}

/** The arithmetic of a convolution or matrix product, in floats or in TFLite's int8. @throws {CompilerError} `unsupported-operator` */
export function weightedSum(operands: Operands): WeightedSum {
  const { call, data, weight, bias, result, activation } = operands;
  const [low, high] = storedRange(result, activation);
  const clamp = (value: number) => Math.min(high, Math.max(low, value));
  const biasOf = (channel: number) => bias?.data[channel] ?? 0;
  const types = [data, weight, result].map(({ tensor }) => tensor.type).join();
  if (types === "float32,float32,float32") {
    return { inputZero: 0, weightZero: 0, finish: (sum, channel) => clamp(sum + biasOf(channel)) };
  }
  if (types !== "int8,int8,int8") throw unsupported(call.operator, data, `arithmetic on ${types}`);
  const factors = outputFactors(operands);
  const { zeroPoint } = parametersOf(result);
  const isPerChannel = factors.length > 1;
  return {
    inputZero: parametersOf(data).zeroPoint,
    weightZero: parametersOf(weight).zeroPoint,
    finish: (sum, channel) => clamp(scaled(sum + biasOf(channel), factors[isPerChannel ? channel : 0]!) + zeroPoint),
  };
}

function outputFactors({ data, weight, result }: Operands): readonly FixedPoint[] {
  const inputScale = parametersOf(data).scale;
  const outputScale = parametersOf(result).scale;
  const scales = weight.tensor.quantization?.scale ?? Float32Array.of(1);
  return Array.from(scales, (scale) => fixedPointOf((inputScale * scale) / outputScale));
}
