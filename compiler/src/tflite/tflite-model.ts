import type { DataType } from "../graph/data-type.ts";
import type { OptionsName, Table } from "./flatbuffer/schema.ts";

/** How a tensor's integers stand for reals: real = scale · (q − zeroPoint), once for all or per slice along `axis`. */
export interface TfliteQuantization {
  readonly scale: Float32Array;
  /** As many as scales. */
  readonly zeroPoint: readonly number[];
  readonly axis: number;
}

/** One tensor of a TFLite graph; `data` is there for constants. A size that a caller may change is −1 in `signature`. */
export interface TfliteTensor {
  readonly name: string;
  readonly type: DataType;
  readonly shape: readonly number[];
  readonly signature?: readonly number[];
  readonly quantization?: TfliteQuantization;
  readonly data?: Uint8Array;
}

/** The options of an operator: the name of their table and its fields; `none` where there are none or this room has no table. */
export type TfliteOptions =
  | { readonly [N in OptionsName]: { readonly kind: N } & Table<N> }[OptionsName]
  | { readonly kind: "none" };

/** One operation; inputs and outputs are places in the list of tensors, −1 an omitted input. */
export interface TfliteOperator {
  readonly op: string;
  readonly version: number;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly options: TfliteOptions;
}

/** The first graph of a TFLite file; operators stand in an order in which every input exists before it is read. */
export interface TfliteModel {
  readonly name: string;
  readonly description: string;
  readonly tensors: readonly TfliteTensor[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly operators: readonly TfliteOperator[];
}

/** The options of an operator when they are of the given kind, else an empty table of it. */
export function optionsOf<N extends OptionsName>(operator: TfliteOperator, kind: N): Table<N> {
  // Comparing the kind narrows the union for people, not for the compiler.
  return operator.options.kind === kind ? (operator.options as unknown as Table<N>) : {};
}
