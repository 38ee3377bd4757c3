import { CompilerError } from "../../errors.ts";
import type { TfliteOperator, TfliteTensor } from "../tflite-model.ts";

/** The elements of a tensor that kernels work on. */
export type Elements = Float32Array | Int8Array | Uint8Array | Int32Array;

/** A tensor with its elements in row-major order. */
export interface Operand {
  readonly tensor: TfliteTensor;
  readonly data: Elements;
}

/** What a kernel gets: its operator, the operands it reads (undefined where one is left out) and those it fills. */
export interface KernelCall {
  readonly operator: TfliteOperator;
  readonly inputs: readonly (Operand | undefined)[];
  readonly outputs: readonly Operand[];
}

/** Fills the outputs of one operator. */
export type Kernel = (call: KernelCall) => void;

/** An input that an operator cannot do without. @throws {CompilerError} `malformed-model` */
export function input({ operator, inputs }: KernelCall, index: number): Operand {
  const found = inputs[index];
  if (found === undefined) throw misshapen(operator, `an input ${index}`, `${inputs.length} inputs`);
  return found;
}

/** The first output. @throws {CompilerError} `malformed-model` */
export function output({ operator, outputs }: KernelCall): Operand {
  const found = outputs[0];
  if (found === undefined) throw misshapen(operator, "an output", "none");
  return found;
}

/** The four sizes of a tensor [N, H, W, C]. @throws {CompilerError} `malformed-model` */
export function imageShape(operator: TfliteOperator, { name, shape }: TfliteTensor) {
  if (shape.length !== 4) throw misshapen(operator, `tensor "${name}" of four sizes`, `[${shape}]`);
  const [batch, height, width, channels] = shape as [number, number, number, number];
  return { batch, height, width, channels };
}

/** The error for operands that do not belong together. */
export function misshapen({ op }: TfliteOperator, expected: string, instead: string): CompilerError {
  return new CompilerError("malformed-model", `Cannot run ${op}: expected ${expected}, found ${instead}.`);
}

/** The error for a form of an operator that the kernels leave out. */
export function unsupported({ op }: TfliteOperator, { tensor }: Operand, what: string): CompilerError {
  return new CompilerError(
    "unsupported-operator",
    `Cannot run ${op} on "${tensor.name}": ${what} is not among the reference kernels; convert to int8 or float32.`,
  );
}
