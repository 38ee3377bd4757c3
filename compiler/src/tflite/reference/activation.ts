import { CompilerError } from "../../errors.ts";
import type { Operand } from "./kernel.ts";

/** The numbers of TFLite's fused activations that keep values in a range. */
export const activations = { none: 0, relu: 1, reluN1To1: 2, relu6: 3 } as const;

const ranges: Readonly<Record<number, readonly [number, number]>> = {
  [activations.none]: [-Infinity, Infinity],
  [activations.relu]: [0, Infinity],
  [activations.reluN1To1]: [-1, 1],
  [activations.relu6]: [0, 6],
};

/**
 * The range that an output may hold as it is stored: the activation's, for integers within their type.
 * @throws {CompilerError} `unsupported-operator` for a fused activation that is no range
 */
export function storedRange({ tensor }: Operand, activation: number): readonly [number, number] {
  const range = ranges[activation];
  if (range === undefined) {
    throw new CompilerError(
      "unsupported-operator",
      `Cannot run what makes "${tensor.name}": its fused activation ${activation} is not among the reference kernels.`,
    );
  }
  const [low, high] = range;
  if (tensor.type === "float32") return [low, high];
  const [least, most] = tensor.type === "uint8" ? [0, 255] : [-128, 127];
  const { scale, zeroPoint } = parametersOf({ tensor });
  const stored = (real: number) => zeroPoint + roundHalfAway(real / scale);
  return [Math.max(least, stored(low)), Math.min(most, stored(high))];
}

/** A tensor's one scale and zero point; 1 and 0 where it has none. */
export function parametersOf({ tensor }: Pick<Operand, "tensor">): {
  readonly scale: number;
  readonly zeroPoint: number;
} {
  return { scale: tensor.quantization?.scale[0] ?? 1, zeroPoint: tensor.quantization?.zeroPoint[0] ?? 0 };
}

/** The nearest integer, ties away from zero, as C's round. */
export function roundHalfAway(value: number): number {
  return Math.sign(value) * Math.floor(Math.abs(value) + 0.5);
}
