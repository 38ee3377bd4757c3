import { digestOf } from "@fieldloop/devices";
import { CompilerError } from "../../errors.ts";
import type { TfliteModel, TfliteOperator, TfliteOptions, TfliteQuantization, TfliteTensor } from "../tflite-model.ts";
import { operatorVersion } from "./operator-version.ts";
import { sameQuantization } from "./quantization.ts";

/** Grows a TFLite graph operator by operator, each with the version that it needs. */
export class TfliteBuilder {
  readonly #tensors: TfliteTensor[] = [];
  readonly #operators: TfliteOperator[] = [];
  readonly #constants = new Map<string, number>();

  /** Adds a tensor and returns its place. */
  tensor(tensor: TfliteTensor): number {
    this.#tensors.push(tensor);
    return this.#tensors.length - 1;
  }

  /** Adds a constant; equal ones are shared. */
  constant(tensor: Omit<TfliteTensor, "name"> & { readonly data: Uint8Array }): number {
    const { type, shape, quantization, data } = tensor;
    const scales =
      quantization === undefined ? "" : `${quantization.scale} ${quantization.zeroPoint} ${quantization.axis}`;
    const key = `${type} ${shape} ${scales} ${digestOf(data)}`;
    const place = this.#constants.get(key) ?? this.tensor({ ...tensor, name: "" });
    this.#constants.set(key, place);
    return place;
  }

  /** A constant of 32-bit integers, such as axes and shapes. */
  integers(values: readonly number[], shape: readonly number[] = [values.length]): number {
    return this.constant({ type: "int32", shape, data: bytesOf(Int32Array.from(values)) });
  }

  /** A constant of floats. */
  floats(values: ArrayLike<number>, shape: readonly number[] = [values.length]): number {
    return this.constant({ type: "float32", shape, data: bytesOf(Float32Array.from(values)) });
  }

  /** Adds an operator that makes one new tensor; returns its place. */
  add(
    op: string,
    inputs: readonly number[],
    output: Omit<TfliteTensor, "name"> & { readonly name?: string },
    options: TfliteOptions = { kind: "none" },
  ): number {
    const made: TfliteTensor = { name: "", ...output };
    const place = this.tensor(made);
    const operator = { op, inputs, outputs: [place], options };
    const version = operatorVersion({ operator, inputs: inputs.map((input) => this.#tensors[input]!), output: made });
    if (version === undefined)
      throw new CompilerError(
        "unsupported-operator",
        `Cannot write ${op}: its version is not known; add it to operator-version.ts.`,
      );
    this.#operators.push({ ...operator, version });
    return place;
  }

  tensorAt(place: number): TfliteTensor {
    return this.#tensors[place]!;
  }

  /** Names a tensor and says which of its sizes a caller may change. */
  rename(place: number, name: string, signature?: readonly number[]): void {
    this.#tensors[place] = { ...this.tensorAt(place), name, ...(signature === undefined ? {} : { signature }) };
  }

  /** A tensor of bytes read at the given scale: the tensor itself unless it is read at another scale already. */
  quantized(place: number, quantization: TfliteQuantization): number {
    const tensor = this.tensorAt(place);
    const known = tensor.quantization;
    if (known === undefined) this.#tensors[place] = { ...tensor, quantization };
    const isOther = known !== undefined && !sameQuantization(known, quantization);
    if (!isOther) return place;
    const { type, shape } = tensor;
    return this.add(
      "RESHAPE",
      [place, this.integers(shape)],
      { type, shape, quantization },
      { kind: "ReshapeOptions", newShape: shape },
    );
  }

  /** The finished graph without what no output depends on; inputs stay, since they are its contract. */
  build(name: string, inputs: readonly number[], outputs: readonly number[]): TfliteModel {
    const needed = new Set([...inputs, ...outputs]);
    const operators: TfliteOperator[] = [];
    for (const operator of this.#operators.toReversed()) {
      if (!operator.outputs.some((place) => needed.has(place))) continue;
      for (const place of operator.inputs) needed.add(place);
      operators.unshift(operator);
    }
    const places = this.#tensors.map((_, place) => place).filter((place) => needed.has(place));
    const moved = (place: number) => (place === -1 ? -1 : places.indexOf(place));
    return {
      name,
      description: "fieldloop",
      tensors: places.map((place) => this.tensorAt(place)),
      inputs: inputs.map(moved),
      outputs: outputs.map(moved),
      operators: operators.map((operator) => ({
        ...operator,
        inputs: operator.inputs.map(moved),
        outputs: operator.outputs.map(moved),
      })),
    };
  }
}

/** The bytes of a typed array. */
export function bytesOf(values: Float32Array | Int32Array | Int8Array | Uint8Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
