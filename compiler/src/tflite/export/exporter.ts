import { CompilerError } from "../../errors.ts";
import { type Graph, type Node, producers, typeOf } from "../../graph/graph.ts";
import { floatsOf, integersOf, type Tensor } from "../../graph/tensor.ts";
import { bytesBehind } from "../../quantize/activation-choice.ts";
import { quantizedConstant } from "../../quantize/lower-to-qdq.ts";
import type { QuantParameters, QuantPlan } from "../../quantize/quant-plan.ts";
import type { TfliteOptions, TfliteTensor } from "../tflite-model.ts";
import { transposedTensor } from "../transposed-tensor.ts";
import { activationOf, fusedActivations } from "./fused-activation.ts";
import { integerOperator } from "./integer-operators.ts";
import { hasScale, quantizationOf, sameQuantization } from "./quantization.ts";
import { bytesOf, type TfliteBuilder } from "./tflite-builder.ts";

/** How a value's elements are held: as reals, as the plan's int8, or as the integers that it is (bytes of an image). */
export type Kind = "real" | "integers" | "stored";

/**
 * In which order: `plain` as ONNX has it, or `pixels`: [N, C, H, W] as [N, H, W, C], and [N, K] as [N, 1, 1, K], which is what
 * a matrix product by 1 × 1 convolution reads and makes.
 */
export type Form = "plain" | "pixels";

/** Pixels [N, H, W, C] that a value [N, C · H · W] was flattened from, in TFLite's order of elements. */
interface Flattened {
  readonly source: string;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

interface Made {
  readonly value: string;
  readonly kind: Kind;
  readonly form: Form;
}

/** Adds the TFLite operators of one ONNX node. */
export type ExportRule = (exporter: Exporter, node: Node) => void;

const pixelAxes = [0, 2, 3, 1] as const;
const planeAxes = [0, 3, 1, 2] as const;

/**
 * What export rules work on: the TFLite graph so far, and as which tensors each ONNX value exists there. A tensor that is
 * missing is made from those that exist when it is asked for, once: by RESHAPE, TRANSPOSE, QUANTIZE or DEQUANTIZE.
 */
export class Exporter {
  readonly graph: Graph;
  readonly plan: QuantPlan;
  readonly builder: TfliteBuilder;
  readonly fused: ReadonlyMap<Node, Node>;
  readonly #makers: ReadonlyMap<string, Node>;
  readonly #places = new Map<string, number>();
  readonly #flattened = new Map<string, Flattened>();

  constructor(graph: Graph, plan: QuantPlan, builder: TfliteBuilder) {
    this.graph = graph;
    this.plan = plan;
    this.builder = builder;
    this.fused = fusedActivations(graph);
    this.#makers = producers(graph);
  }

  /** The sizes of a value; the one size that may be open is the batch, and counts as 1. @throws {CompilerError} `shape-mismatch` */
  shapeOf(value: string): readonly number[] {
    const shape = typeOf(this.graph, value)?.shape;
    const sizes = shape?.map((size, axis) => (axis === 0 && typeof size === "string" ? 1 : size));
    if (sizes?.every((size) => typeof size === "number")) return sizes;
    throw new CompilerError(
      "shape-mismatch",
      `Cannot write "${value}" as TFLite: expected sizes that are numbers but for the batch, found ${shape === undefined ? "an unknown shape" : `[${shape}]`}; export the model with fixed sizes.`,
    );
  }

  /**
   * Whether a node runs on integers: it has such a form, and the plan holds its activations and its output at scales that this
   * form allows.
   */
  kindOf(node: Node): "real" | "integers" {
    const operator = integerOperator(this.graph, node);
    const output = this.plan.get(this.outputOf(node));
    const inputs = operator?.data.map((position) => this.plan.get(node.inputs[position]!)) ?? [];
    if (operator === undefined || output === undefined || inputs.includes(undefined)) return "real";
    const made = quantizationOf(output);
    const isElsewhere = operator.output.kind === "fixed" && !hasScale(output, operator.output);
    const isRescaled =
      operator.output.kind === "same" && node.op !== "Concat" && !sameQuantization(quantizationOf(inputs[0]!), made);
    return isElsewhere || isRescaled ? "real" : "integers";
  }

  /** The value that a node makes with what is fused into it. */
  outputOf(node: Node): string {
    return (this.fused.get(node) ?? node).outputs[0]!;
  }

  /** The number of the activation that is fused into a node. */
  activationOf(node: Node): number {
    const activation = this.fused.get(node);
    return activation === undefined ? 0 : activationOf(this.graph, activation)!;
  }

  /** A constant input of floats. @throws {CompilerError} `unsupported-operator` */
  constantOf(node: Node, position: number): Tensor {
    const constant = this.graph.initializers.get(node.inputs[position] ?? "");
    if (constant?.dtype === "float32") return constant;
    throw this.unsupported(node, `its input ${position} is no constant of float32`);
  }

  /** Whether a value exists as pixels, so that reading it as such costs nothing. */
  hasPixels(value: string): boolean {
    return (["real", "integers", "stored"] as const).some((kind) => this.#places.has(key(value, kind, "pixels")));
  }

  /** The tensor that holds a value, made where it is missing. */
  read(value: string, kind: Kind, form: Form): number {
    const known = this.#places.get(key(value, kind, form));
    if (known !== undefined) return known;
    const place = this.#derived(value, kind, form);
    this.#places.set(key(value, kind, form), place);
    return place;
  }

  /** Says that a tensor holds a value. */
  set(value: string, kind: Kind, form: Form, place: number): void {
    this.#places.set(key(value, kind, form), place);
  }

  /** Says that a value is the flattened form of another's pixels. */
  setFlattened(value: string, flattened: Flattened): void {
    this.#flattened.set(value, flattened);
  }

  /** Whether a value is the integers that it holds, not integers that stand for reals. */
  isStored(value: string): boolean {
    return typeOf(this.graph, value)?.dtype !== "float32";
  }

  /** Adds an operator that makes a value and remembers it. */
  make(op: string, inputs: readonly number[], made: Made, options?: TfliteOptions): number {
    const { value, kind, form } = made;
    const place = this.builder.add(
      op,
      inputs,
      this.tensorFor(value, kind, this.formed(this.shapeOf(value), form)),
      options,
    );
    this.set(value, kind, form, place);
    return place;
  }

  /** A tensor of a value's type and quantization under the given shape. */
  tensorFor(value: string, kind: Kind, shape: readonly number[]): Omit<TfliteTensor, "name"> {
    if (kind === "real") return { type: "float32", shape };
    if (kind === "integers") return { type: "int8", shape, quantization: quantizationOf(this.plan.get(value)!) };
    return { type: typeOf(this.graph, value)!.dtype, shape };
  }

  /** A shape of ONNX as the form has it. */
  formed(shape: readonly number[], form: Form): readonly number[] {
    if (form === "plain") return shape;
    return shape.length === 2 ? [shape[0]!, 1, 1, shape[1]!] : pixelAxes.map((axis) => shape[axis]!);
  }

  /** RESHAPE to a shape whose batch stays open. */
  reshaped(place: number, shape: readonly number[]): number {
    const from = this.builder.tensorAt(place);
    const target = shape[0] === 1 && from.shape[0] === 1 ? [-1, ...shape.slice(1)] : shape;
    const inputs = [place, this.builder.integers(target)];
    return this.builder.add(
      "RESHAPE",
      inputs,
      { ...unnamed(from), shape },
      { kind: "ReshapeOptions", newShape: target },
    );
  }

  transposed(place: number, order: readonly number[]): number {
    const from = this.builder.tensorAt(place);
    const shape = order.map((axis) => from.shape[axis]!);
    return this.builder.add(
      "TRANSPOSE",
      [place, this.builder.integers(order)],
      { ...unnamed(from), shape },
      { kind: "TransposeOptions" },
    );
  }

  /** Brings integers to the scale that the plan has for a value, where theirs differs. */
  rescaled(place: number, value: string): number {
    const from = this.builder.tensorAt(place);
    const wanted = quantizationOf(this.plan.get(value)!);
    if (sameQuantization(from.quantization, wanted)) return place;
    return this.builder.add(
      "QUANTIZE",
      [place],
      { type: "int8", shape: from.shape, quantization: wanted },
      { kind: "QuantizeOptions" },
    );
  }

  /** The error for a node that this room cannot write as TFLite: names operator and value and says what to do. */
  unsupported(node: Node, why: string): CompilerError {
    return new CompilerError(
      "unsupported-operator",
      `Cannot write ${node.op} making "${node.outputs[0]}" as TFLite: ${why}; leave the operator out of the model, or choose another target such as ort-cpu-fp32.`,
    );
  }

  /** Whether a value is bytes of an image at a scale: it is made from those when it is read, so its node adds nothing. */
  isBytes(value: string): boolean {
    return bytesBehind(this.graph, this.#makers, value) !== undefined;
  }

  /** The pixels [N, H, W, C] that a value was flattened from, where they exist in this kind without a detour. */
  flatPixels(value: string, kind: Kind): (Flattened & { readonly place: number }) | undefined {
    const flattened = this.#flattened.get(value);
    if (flattened === undefined || (kind === "integers" && !this.plan.has(flattened.source))) return undefined;
    return { ...flattened, place: this.read(flattened.source, kind, "pixels") };
  }

  #derived(value: string, kind: Kind, form: Form): number {
    const constant = this.graph.initializers.get(value);
    if (constant !== undefined) return this.#constant(value, constant, kind, form);
    const flattened = this.#flattened.get(value);
    if (flattened !== undefined && (kind !== "integers" || this.plan.has(flattened.source)))
      return this.#unflattened(flattened.source, value, kind, form);
    if (this.#has(value, kind, otherForm(form))) return this.#reformed(value, kind, form);
    if (this.isBytes(value)) return this.#fromBytes(value, kind, form);
    const from = kind === "real" ? "integers" : "real";
    if (!this.#has(value, from, form) && this.#has(value, from, otherForm(form))) {
      this.read(value, kind, otherForm(form));
      return this.#reformed(value, kind, form);
    }
    return this.#converted(value, kind, this.read(value, from, form));
  }

  #has(value: string, kind: Kind, form: Form): boolean {
    return this.#places.has(key(value, kind, form));
  }

  /** Integers from reals, or reals from integers. */
  #converted(value: string, kind: Kind, place: number): number {
    const { shape } = this.builder.tensorAt(place);
    return kind === "real"
      ? this.builder.add("DEQUANTIZE", [place], { type: "float32", shape }, { kind: "DequantizeOptions" })
      : this.builder.add("QUANTIZE", [place], this.tensorFor(value, kind, shape), { kind: "QuantizeOptions" });
  }

  #fromBytes(value: string, kind: Kind, form: Form): number {
    const { bytes, scale, zeroPoint } = bytesBehind(this.graph, this.#makers, value)!;
    const quantization = { scale: Float32Array.of(scale), zeroPoint: [zeroPoint], axis: 0 };
    const place = this.builder.quantized(this.read(bytes, "stored", form), quantization);
    return this.#converted(value, kind, place);
  }

  #unflattened(source: string, value: string, kind: Kind, form: Form): number {
    const shape = this.formed(this.shapeOf(value), form);
    const place = this.reshaped(this.read(source, kind, "plain"), shape);
    return kind === "integers" ? this.rescaled(place, value) : place;
  }

  #reformed(value: string, kind: Kind, form: Form): number {
    const place = this.read(value, kind, otherForm(form));
    const shape = this.shapeOf(value);
    const [, channels, height, width] = shape;
    const keepsOrder = shape.length === 2 || channels === 1 || (height === 1 && width === 1);
    if (keepsOrder) return this.reshaped(place, this.formed(shape, form));
    return this.transposed(place, form === "plain" ? planeAxes : pixelAxes);
  }

  #constant(value: string, constant: Tensor, kind: Kind, form: Form): number {
    const shape = this.formed(constant.shape, form);
    const isMoved = form === "pixels" && constant.shape.length === 4;
    if (kind === "real") {
      const values = isMoved ? transposedTensor(floatsOf(constant), constant.shape, pixelAxes) : constant;
      return this.builder.floats(floatsOf(values), shape);
    }
    const parameters = this.plan.get(value)!;
    const moved = isMoved ? transposedTensor(floatsOf(constant), constant.shape, pixelAxes) : constant;
    return this.integerConstant(moved, parameters, shape);
  }

  /** A constant as int8 at the plan's scale, under the given shape. */
  integerConstant(constant: Tensor, parameters: QuantParameters, shape: readonly number[]): number {
    const data = bytesOf(Int8Array.from(integersOf(quantizedConstant(constant, parameters))));
    return this.builder.constant({ type: "int8", shape, data, quantization: quantizationOf(parameters) });
  }
}

function otherForm(form: Form): Form {
  return form === "plain" ? "pixels" : "plain";
}

function key(value: string, kind: Kind, form: Form): string {
  return `${kind} ${form} ${value}`;
}

function unnamed({ type, quantization }: TfliteTensor): Pick<TfliteTensor, "type" | "quantization"> {
  return { type, ...(quantization === undefined ? {} : { quantization }) };
}
