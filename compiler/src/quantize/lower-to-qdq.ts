import { attribute, type Graph, type Node, producers } from "../graph/graph.ts";
import { elementCount, floatsOf, floatTensor, integerTensor, type Tensor } from "../graph/tensor.ts";
import { freshNames } from "../passes/graph-edit.ts";
import type { Pass } from "../passes/pass.ts";
import type { QuantParameters, QuantPlan } from "./quant-plan.ts";
import { quantizableOperator } from "./quantizable-operators.ts";
import { roundPreservingSums } from "./sum-preserving-rounding.ts";
import { channelsAlong, joinedChannels, kernelSize } from "./weight-channels.ts";

const limits = { uint8: [0, 255], int8: [-128, 127], int32: [-(2 ** 31), 2 ** 31 - 1] } as const;

/**
 * Lowers a plan to QuantizeLinear/DequantizeLinear pairs (opset 13 and later, axis per channel), constants stored as
 * integers. Zero points are written even where zero could be left out, except on biases: onnxruntime 1.30 fuses no operator
 * whose activations or weights lack one, and fails to load some.
 */
export function lowerToQdq(plan: QuantPlan): Pass {
  return { name: "lower-to-qdq", apply: (graph) => new Lowering(graph, plan).lower() };
}

class Lowering {
  readonly #graph: Graph;
  readonly #plan: QuantPlan;
  readonly #fresh: (wish: string) => string;
  readonly #initializers: Map<string, Tensor>;
  readonly #shared = new Map<string, string>();
  readonly #readable = new Map<string, string>();

  constructor(graph: Graph, plan: QuantPlan) {
    this.#graph = graph;
    this.#plan = plan;
    this.#fresh = freshNames(graph);
    this.#initializers = new Map(graph.initializers);
  }

  lower(): Graph {
    const makers = producers(this.#graph);
    const activations = [...this.#plan].filter(([name]) => !this.#graph.initializers.has(name));
    const atStart = activations.filter(([name]) => !makers.has(name)).flatMap((entry) => this.#pair(...entry));
    const nodes = this.#graph.nodes.flatMap((node) => {
      const constants = this.#constants(node);
      const reading = { ...node, inputs: node.inputs.map((input) => this.#readable.get(input) ?? input) };
      const pairs = node.outputs.flatMap((output) => {
        const parameters = this.#plan.get(output);
        return parameters === undefined ? [] : this.#pair(output, parameters);
      });
      return [...constants.before, { ...reading, inputs: constants.inputsOf(reading) }, ...pairs];
    });
    return { ...this.#graph, nodes: [...atStart, ...nodes], initializers: this.#initializers, types: new Map() };
  }

  /** Quantizes and dequantizes an activation; bytes of the image need the second half only. */
  #pair(name: string, parameters: QuantParameters): Node[] {
    const scale = this.#constant(floatTensor(parameters.scale, []));
    const zeroPoint = this.#constant(integerTensor(Uint8Array.of(parameters.zeroPoint), []));
    const readable = this.#fresh(`${name}_dequantized`);
    this.#readable.set(name, readable);
    if (parameters.source.kind === "bytes") {
      return [nodeOf("DequantizeLinear", [parameters.source.bytes, scale, zeroPoint], readable)];
    }
    const quantized = this.#fresh(`${name}_quantized`);
    return [
      nodeOf("QuantizeLinear", [name, scale, zeroPoint], quantized),
      nodeOf("DequantizeLinear", [quantized, scale, zeroPoint], readable),
    ];
  }

  #constants(node: Node): { readonly before: readonly Node[]; readonly inputsOf: (node: Node) => readonly string[] } {
    const operator = quantizableOperator(this.#graph, node);
    const positions = [operator?.weight?.position, operator?.biasPosition].filter((one) => one !== undefined);
    const names = new Map<number, string>();
    const before = positions.flatMap((position) => {
      const name = node.inputs[position] ?? "";
      const parameters = this.#plan.get(name);
      if (parameters === undefined) return [];
      const dequantized = this.#fresh(`${name}_dequantized`);
      names.set(position, dequantized);
      return [this.#dequantizedConstant(name, parameters, dequantized)];
    });
    return { before, inputsOf: ({ inputs }) => inputs.map((input, position) => names.get(position) ?? input) };
  }

  #dequantizedConstant(name: string, parameters: QuantParameters, output: string): Node {
    const integers = this.#fresh(`${name}_integers`);
    this.#initializers.set(integers, quantizedConstant(this.#graph.initializers.get(name)!, parameters));
    const scale = this.#constant(floatTensor(parameters.scale));
    const zeroPoint = parameters.dtype === "int8" ? [this.#zeros(parameters.scale.length)] : [];
    const axis = { axis: attribute.int(parameters.axis!) };
    return nodeOf("DequantizeLinear", [integers, scale, ...zeroPoint], output, axis);
  }

  #zeros(count: number): string {
    return this.#constant(integerTensor(new Int8Array(count)));
  }

  #constant(tensor: Tensor): string {
    const key = `${tensor.dtype}[${tensor.shape}]${Buffer.from(tensor.bytes).toString("base64")}`;
    const name = this.#shared.get(key) ?? this.#fresh("quantization_constant");
    this.#shared.set(key, name);
    this.#initializers.set(name, tensor);
    return name;
  }
}

/**
 * The integers that hold a constant, kept within their type: weights keep the sums of their kernels and channels, all else
 * is rounded half to even as the operators do.
 */
export function quantizedConstant(tensor: Tensor, parameters: QuantParameters): Tensor {
  const { dtype, axis = 0, scale, zeroPoint, source } = parameters;
  if (source.kind === "weight") return quantizedWeight(tensor, axis, scale, source.largest);
  const inner = elementCount(tensor.shape.slice(axis + 1));
  const [low, high] = limits[dtype];
  const levels = Array.from(floatsOf(tensor), (value, index) => {
    const level = roundHalfToEven(value / scale[Math.floor(index / inner) % scale.length]!) + zeroPoint;
    return Math.min(high, Math.max(low, level));
  });
  return integerTensor(dtype === "uint8" ? Uint8Array.from(levels) : Int32Array.from(levels), tensor.shape);
}

function quantizedWeight(tensor: Tensor, axis: number, scale: Float32Array, largest: number): Tensor {
  const kernel = kernelSize(tensor.shape, axis);
  const channels = channelsAlong(tensor, axis).map((values, channel) => {
    const scaled = values.map((value) => value / scale[channel]!);
    return roundPreservingSums(scaled, kernel, largest);
  });
  return integerTensor(joinedChannels(channels, tensor.shape, axis), tensor.shape);
}

/** Rounds to the nearest integer, ties to the even one (IEEE 754, as QuantizeLinear does). */
export function roundHalfToEven(value: number): number {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

function nodeOf(op: string, inputs: readonly string[], output: string, attributes: Node["attributes"] = {}): Node {
  return { op, domain: "", name: "", inputs, outputs: [output], attributes };
}
