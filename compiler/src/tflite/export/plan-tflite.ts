import { consumers, type Graph, isGraphOutput, type Node, producers, typeOf } from "../../graph/graph.ts";
import { inferTypes } from "../../graph/infer-types.ts";
import { floatsOf } from "../../graph/tensor.ts";
import { bytesBehind } from "../../quantize/activation-choice.ts";
import type { Observations } from "../../quantize/calibrate.ts";
import { emptyHistogram, type Histogram, mergeHistograms } from "../../quantize/histogram.ts";
import { planConstants } from "../../quantize/plan-quantization.ts";
import { bytesSpanning, type QuantParameters, type QuantPlan } from "../../quantize/quant-plan.ts";
import { quantizableOperator } from "../../quantize/quantizable-operators.ts";
import { chooseRange, type RangeMethod } from "../../quantize/range-choice.ts";
import { fusedActivations } from "./fused-activation.ts";
import { type IntegerOperator, integerOperator } from "./integer-operators.ts";

/** A value's integers before its range is known. */
type Share =
  | { readonly kind: "calibrate" }
  | { readonly kind: "group"; readonly of: string; readonly isObserved: boolean }
  | { readonly kind: "known"; readonly parameters: QuantParameters };

/**
 * Annotates a graph for TFLite: everything that has an int8 kernel and reads integers makes integers, asymmetric int8 per
 * tensor; weights symmetric per channel, biases at the product of both scales. Where values only move, pool or are joined,
 * inputs and output share one scale; Softmax, Sigmoid and Tanh have the scale that TFLite fixes and stay float where they end
 * the graph. A node runs on integers exactly when the plan holds its activations and its output.
 * observations: of `tfliteActivations`
 * @throws {CompilerError} `empty-histogram` where calibration observed nothing
 */
export function planForTflite(untyped: Graph, observations: Observations, method: RangeMethod): QuantPlan {
  const graph = inferTypes(untyped);
  const shares = sharesOf(graph);
  const histograms = groupHistograms(shares, observations);
  const plan = new Map<string, QuantParameters>();
  for (const [value, share] of shares) {
    if (share.kind === "known") plan.set(value, share.parameters);
    else plan.set(value, signed(bytesSpanning(chooseRange(histograms.get(groupOf(shares, value))!, method))));
  }
  const readers = consumers(graph);
  for (const node of integerNodes(graph).keys()) {
    const operator = quantizableOperator(graph, node);
    if (operator?.weight !== undefined) planConstants(graph, { node, operator, weightBits: 8, readers, plan });
  }
  return plan;
}

/** The activations whose range must be observed for `planForTflite`, in the graph's order. */
export function tfliteActivations(untyped: Graph): readonly string[] {
  const graph = inferTypes(untyped);
  const isObserved = (share: Share) => share.kind === "calibrate" || (share.kind === "group" && share.isObserved);
  return [...sharesOf(graph)].filter(([, share]) => isObserved(share)).map(([value]) => value);
}

/** The nodes that run on integers, each with how. */
function integerNodes(graph: Graph): ReadonlyMap<Node, IntegerOperator> {
  const fused = fusedActivations(graph);
  const makers = producers(graph);
  const integers = new Set<string>();
  const nodes = new Map<Node, IntegerOperator>();
  const isInteger = (value: string) => integers.has(value) || bytesBehind(graph, makers, value) !== undefined;
  for (const node of graph.nodes) {
    const operator = integerOperator(graph, node);
    if (operator === undefined || !readsIntegers(graph, node, operator, isInteger)) continue;
    const output = fused.get(node)?.outputs[0] ?? node.outputs[0]!;
    if (operator.output.kind === "fixed" && isGraphOutput(graph, output)) continue;
    nodes.set(node, operator);
    integers.add(output);
  }
  return nodes;
}

function readsIntegers(
  graph: Graph,
  node: Node,
  { isWeighted, data }: IntegerOperator,
  isInteger: (value: string) => boolean,
): boolean {
  if (isWeighted) return true;
  const sides = data.map((position) => node.inputs[position]!);
  const isConstant = (value: string) => graph.initializers.get(value)?.dtype === "float32";
  const isFloat = typeOf(graph, node.outputs[0]!)?.dtype === "float32";
  return isFloat && sides.some(isInteger) && sides.every((value) => isInteger(value) || isConstant(value));
}

function sharesOf(graph: Graph): ReadonlyMap<string, Share> {
  const fused = fusedActivations(graph);
  const makers = producers(graph);
  const shares = new Map<string, Share>();
  for (const [node, operator] of integerNodes(graph)) {
    const inputs = operator.data.map((position) => node.inputs[position]!);
    for (const value of inputs) if (!shares.has(value)) shares.set(value, shareOfInput(graph, makers, value));
    const output = fused.get(node)?.outputs[0] ?? node.outputs[0]!;
    if (operator.output.kind === "fixed") shares.set(output, { kind: "known", parameters: fixed(operator.output) });
    else if (operator.output.kind === "own") shares.set(output, { kind: "calibrate" });
    else shares.set(output, joined(shares, inputs));
  }
  return shares;
}

function shareOfInput(graph: Graph, makers: ReadonlyMap<string, Node>, value: string): Share {
  const bytes = bytesBehind(graph, makers, value);
  if (bytes !== undefined) {
    const scale = Float32Array.of(bytes.scale);
    const source = { kind: "bytes", bytes: bytes.bytes } as const;
    return { kind: "known", parameters: { dtype: "int8", scale, zeroPoint: bytes.zeroPoint - 128, source } };
  }
  const constant = graph.initializers.get(value);
  if (constant === undefined) return { kind: "calibrate" };
  const values = floatsOf(constant);
  const range = {
    min: values.reduce((least, each) => Math.min(least, each), 0),
    max: values.reduce((most, each) => Math.max(most, each), 0),
  };
  return { kind: "known", parameters: signed(bytesSpanning(range)) };
}

/** One scale for the inputs and the output of a node: known where one input's is, else one group's. */
function joined(shares: Map<string, Share>, inputs: readonly string[]): Share {
  const known = inputs.map((value) => shares.get(groupOf(shares, value))!).find(({ kind }) => kind === "known");
  if (known !== undefined) return known;
  const [first, ...others] = inputs.map((value) => groupOf(shares, value));
  for (const other of others) if (other !== first) shares.set(other, { kind: "group", of: first!, isObserved: true });
  return { kind: "group", of: first!, isObserved: false };
}

function groupOf(shares: ReadonlyMap<string, Share>, value: string): string {
  const share = shares.get(value)!;
  return share.kind === "group" ? groupOf(shares, share.of) : value;
}

/** What calibration saw of each group together. */
function groupHistograms(
  shares: ReadonlyMap<string, Share>,
  observations: Observations,
): ReadonlyMap<string, Histogram> {
  const histograms = new Map<string, Histogram>();
  for (const [value, share] of shares) {
    if (share.kind === "known") continue;
    const group = groupOf(shares, value);
    const seen = observations.get(value) ?? emptyHistogram();
    histograms.set(group, mergeHistograms(histograms.get(group) ?? emptyHistogram(), seen));
  }
  return histograms;
}

function fixed({ scale, zeroPoint }: { readonly scale: number; readonly zeroPoint: number }): QuantParameters {
  const range = { min: -(zeroPoint + 128) * scale, max: (127 - zeroPoint) * scale };
  return { dtype: "int8", scale: Float32Array.of(scale), zeroPoint, source: { kind: "range", ...range } };
}

function signed(parameters: QuantParameters): QuantParameters {
  return { ...parameters, dtype: "int8", zeroPoint: parameters.zeroPoint - 128 };
}
