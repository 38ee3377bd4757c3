import { CompilerError } from "../../errors.ts";
import { attribute, type Node } from "../../graph/graph.ts";
import type { GraphBuilder } from "../../graph/graph-builder.ts";
import { floatTensor, type Tensor } from "../../graph/tensor.ts";
import { constantFloats, constantIntegers } from "../constants.ts";
import type { TfliteModel, TfliteOperator, TfliteTensor } from "../tflite-model.ts";

/** Axis orders between TFLite's [N, H, W, C] and ONNX's [N, C, H, W]. */
export const toPlanes = [0, 3, 1, 2] as const;
export const toPixels = [0, 2, 3, 1] as const;

/** Adds the ONNX nodes of one TFLite operator. */
export type ImportRule = (importer: Importer, operator: TfliteOperator) => void;

interface Forms {
  plain?: string;
  planes?: string;
}

/**
 * What import rules work on: the graph so far, and under which names each TFLite tensor exists there: `plain` in TFLite's own
 * axis order, `planes` as [N, C, H, W]. A form that is missing is made by a Transpose when it is asked for, once; rules that
 * stay in one form leave none behind.
 */
export class Importer {
  readonly builder: GraphBuilder;
  readonly model: TfliteModel;
  readonly hasFreeBatch: boolean;
  readonly #forms = new Map<number, Forms>();
  readonly #folded = new Map<number, Tensor>();

  constructor(builder: GraphBuilder, model: TfliteModel, hasFreeBatch: boolean) {
    this.builder = builder;
    this.model = model;
    this.hasFreeBatch = hasFreeBatch;
  }

  /** The tensor at an input position of an operator. @throws {CompilerError} `malformed-model` */
  input(operator: TfliteOperator, position: number): { readonly place: number; readonly tensor: TfliteTensor } {
    const place = operator.inputs[position] ?? -1;
    const tensor = this.model.tensors[place];
    if (tensor !== undefined) return { place, tensor };
    throw new CompilerError(
      "malformed-model",
      `Cannot import ${operator.op}: expected an input ${position}, found ${operator.inputs.length} inputs; convert the model again.`,
    );
  }

  hasInput(operator: TfliteOperator, position: number): boolean {
    return (operator.inputs[position] ?? -1) !== -1;
  }

  /** The tensor that an operator makes. @throws {CompilerError} `malformed-model` */
  output(operator: TfliteOperator): { readonly place: number; readonly tensor: TfliteTensor } {
    const place = operator.outputs[0] ?? -1;
    const tensor = this.model.tensors[place];
    if (tensor !== undefined) return { place, tensor };
    throw new CompilerError(
      "malformed-model",
      `Cannot import ${operator.op}: it makes nothing; convert the model again.`,
    );
  }

  /** Whether a tensor exists as planes already. */
  hasPlanes(place: number): boolean {
    return this.#forms.get(place)?.planes !== undefined;
  }

  /** The name of a tensor in TFLite's axis order. */
  plain(place: number): string {
    const forms = this.#formsOf(place);
    forms.plain ??= this.transposed(forms.planes!, toPixels);
    return forms.plain;
  }

  /** The name of a tensor of four sizes as [N, C, H, W]. */
  planes(place: number): string {
    const forms = this.#formsOf(place);
    forms.planes ??= this.transposed(forms.plain!, toPlanes);
    return forms.planes;
  }

  setPlain(place: number, name: string): void {
    this.#forms.set(place, { plain: name });
  }

  /** Says that a tensor that an operator makes is a constant. */
  setConstant(place: number, constant: Tensor): void {
    this.#folded.set(place, constant);
    this.setPlain(place, this.builder.constant(constant));
  }

  setPlanes(place: number, name: string): void {
    this.#forms.set(place, { planes: name });
  }

  /** The floats of a constant, made from halves or integers where it holds those. @throws {CompilerError} `unsupported-operator` */
  floats(operator: TfliteOperator, position: number): Tensor {
    const { place, tensor } = this.input(operator, position);
    const values = constantFloats(tensor);
    const folded = values === undefined ? this.#folded.get(place) : floatTensor(values, tensor.shape);
    if (folded !== undefined) return folded;
    throw this.unsupported(operator, `its input "${tensor.name}" is no constant of numbers`);
  }

  /** The integers of a constant such as axes or pads. @throws {CompilerError} `unsupported-operator` */
  integers(operator: TfliteOperator, position: number): readonly number[] {
    const { tensor } = this.input(operator, position);
    const values = constantIntegers(tensor);
    if (values !== undefined) return values;
    throw this.unsupported(operator, `its input "${tensor.name}" is no constant of integers`);
  }

  transposed(name: string, order: readonly number[]): string {
    return this.builder.add("Transpose", [name], { attributes: { perm: attribute.ints(order) } });
  }

  /** A value under another shape; the batch stays free where the model's is. */
  reshaped(name: string, { shape, signature }: TfliteTensor): string {
    const first = shape[0] === 1 ? 0 : signature?.[0] === -1 ? -1 : shape[0]!;
    const target = this.hasFreeBatch && shape.length > 0 ? [first, ...shape.slice(1)] : shape;
    return this.builder.add("Reshape", [name, this.builder.constant(int64(target))]);
  }

  /** Adds what an operator does to its result at the end. @throws {CompilerError} `unsupported-operator` */
  activated(operator: TfliteOperator, name: string, activation = 0): string {
    switch (activation) {
      case 0:
        return name;
      case 1:
        return this.builder.add("Relu", [name]);
      case 2:
        return this.clipped(name, -1, 1);
      case 3:
        return this.clipped(name, 0, 6);
      case 4:
        return this.builder.add("Tanh", [name]);
      default:
        throw this.unsupported(operator, `its fused activation ${activation} is not known`);
    }
  }

  clipped(name: string, low: number, high: number): string {
    const [least, most] = [low, high].map((value) => this.builder.constant(floatTensor([value], [])));
    return this.builder.add("Clip", [name, least!, most!]);
  }

  /** The error for an operator that this room cannot turn into ONNX: names operator and tensor and says what to do. */
  unsupported(operator: TfliteOperator, why: string): CompilerError {
    const tensor = this.model.tensors[operator.outputs[0] ?? -1]?.name ?? "nothing";
    return new CompilerError(
      "unsupported-operator",
      `Cannot import ${operator.op} making "${tensor}": ${why}; convert the model without it, or run the .tflite file as it is.`,
    );
  }

  #formsOf(place: number): Forms {
    const known = this.#forms.get(place);
    if (known !== undefined) return known;
    const tensor = this.model.tensors[place]!;
    const values = constantFloats(tensor);
    if (values === undefined) {
      throw new CompilerError(
        "unsupported-operator",
        `Cannot import tensor "${tensor.name}": it holds ${tensor.type}; convert a model of float32.`,
      );
    }
    const forms = { plain: this.builder.constant(floatTensor(values, tensor.shape)) };
    this.#forms.set(place, forms);
    return forms;
  }
}

/** Attributes of integers. */
export function intsOf(entries: Readonly<Record<string, readonly number[]>>): Node["attributes"] {
  return Object.fromEntries(Object.entries(entries).map(([name, values]) => [name, attribute.ints(values)]));
}

function int64(values: readonly number[]): Tensor {
  return { dtype: "int64", shape: [values.length], bytes: new Uint8Array(BigInt64Array.from(values, BigInt).buffer) };
}
