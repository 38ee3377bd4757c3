import { consumers, type Graph, type Node } from "../graph/graph.ts";
import { floatsOf, type Tensor } from "../graph/tensor.ts";
import { type ActivationChoice, chooseActivations } from "./activation-choice.ts";
import type { Observations } from "./calibrate.ts";
import { bytesSpanning, type QuantParameters, type QuantPlan } from "./quant-plan.ts";
import { type QuantizableOperator, quantizableOperator } from "./quantizable-operators.ts";
import { chooseRange, type RangeMethod } from "./range-choice.ts";
import { channelScales } from "./weight-scale.ts";

/** What a target and a person may choose. */
export interface PlanOptions {
  /** Bits of a weight: 8, or 7 where pairs of products saturate 16 bits (x86 without VNNI). */
  readonly weightBits: 7 | 8;
  readonly method: RangeMethod;
}

/** A 32-bit bias must stay well inside its type. */
const largestBias = 2 ** 30;

/**
 * Annotates a graph with quantization parameters: unsigned bytes for activations, symmetric per-channel signed bytes for
 * weights, 32-bit biases at the product of both scales.
 * @throws {CompilerError} `empty-histogram` where calibration observed nothing
 */
export function planQuantization(graph: Graph, observations: Observations, options: PlanOptions): QuantPlan {
  const plan = new Map<string, QuantParameters>();
  const choices = chooseActivations(graph);
  for (const value of choices.keys()) plan.set(value, activation(value, choices, observations, options.method));
  const readers = consumers(graph);
  for (const node of graph.nodes) {
    const operator = quantizableOperator(graph, node);
    if (operator?.weight === undefined) continue;
    planConstants(graph, { node, operator, weightBits: options.weightBits, readers, plan });
  }
  return plan;
}

function activation(
  value: string,
  choices: ReadonlyMap<string, ActivationChoice>,
  observations: Observations,
  method: RangeMethod,
): QuantParameters {
  const choice = choices.get(value)!;
  switch (choice.kind) {
    case "bytes": {
      const { bytes, scale, zeroPoint } = choice;
      return { dtype: "uint8", scale: Float32Array.of(scale), zeroPoint, source: { kind: "bytes", bytes } };
    }
    case "same-as":
      return {
        ...activation(choice.value, choices, observations, method),
        source: { kind: "same-as", value: choice.value },
      };
    case "calibrate":
      return bytesSpanning(chooseRange(observations.get(value)!, method));
  }
}

/** A node with weights whose constants are to be planned; `plan` holds its input already. */
export interface ConstantsOf {
  readonly node: Node;
  readonly operator: QuantizableOperator;
  readonly weightBits: 7 | 8;
  readonly readers: ReadonlyMap<string, readonly Node[]>;
  readonly plan: Map<string, QuantParameters>;
}

/** Plans the weights of a node and, where nobody else reads it, its bias. */
export function planConstants(graph: Graph, { node, operator, weightBits, readers, plan }: ConstantsOf): void {
  const { position, axis } = operator.weight!;
  const weightName = node.inputs[position]!;
  const biasName = operator.biasPosition === undefined ? undefined : node.inputs[operator.biasPosition];
  const bias = biasName ? graph.initializers.get(biasName) : undefined;
  const inputScale = plan.get(node.inputs[operator.data[0]!]!)!.scale[0]!;
  const weight = plan.get(weightName) ?? weightParameters(graph.initializers.get(weightName)!, axis(node), weightBits);
  const isOwnBias = bias !== undefined && readers.get(biasName!)?.length === 1 && readers.get(weightName)?.length === 1;
  const scale = isOwnBias ? widened(weight.scale, floatsOf(bias), inputScale) : weight.scale;
  plan.set(weightName, { ...weight, scale });
  if (!isOwnBias) return;
  plan.set(biasName!, {
    dtype: "int32",
    axis: 0,
    scale: scale.map((each) => each * inputScale),
    zeroPoint: 0,
    source: { kind: "bias" },
  });
}

/** Symmetric parameters of a weight tensor, one scale per channel along `axis`. */
export function weightParameters(weight: Tensor, axis: number, bits: 7 | 8): QuantParameters {
  const largest = bits === 8 ? 127 : 63;
  const scale = channelScales(weight, axis, largest);
  return { dtype: "int8", axis, scale, zeroPoint: 0, source: { kind: "weight", largest } };
}

function widened(scale: Float32Array, bias: Float32Array, inputScale: number): Float32Array {
  return scale.map((each, channel) => Math.max(each, Math.abs(bias[channel]!) / (largestBias * inputScale)));
}
