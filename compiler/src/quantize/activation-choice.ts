import { type Graph, intAttribute, type Node, producers, typeOf } from "../graph/graph.ts";
import { elementCount, floatsOf } from "../graph/tensor.ts";
import { fusedActivations, quantizableOperator } from "./quantizable-operators.ts";

/** An activation to be held as bytes, and how its parameters are found. */
export type ActivationChoice =
  | { readonly kind: "calibrate" }
  | { readonly kind: "same-as"; readonly value: string }
  | { readonly kind: "bytes"; readonly bytes: string; readonly scale: number; readonly zeroPoint: number };

/**
 * Chooses which activations become bytes: the inputs of weighted operators, and from there backwards through operators that
 * can run on integers too. Outputs of the graph stay float, and so does whatever feeds no weighted operator.
 */
export function chooseActivations(graph: Graph): ReadonlyMap<string, ActivationChoice> {
  const makers = producers(graph);
  const choices = new Map<string, ActivationChoice>();
  const waiting = graph.nodes.flatMap((node) => {
    const operator = quantizableOperator(graph, node);
    return operator?.weight === undefined ? [] : operator.data.map((position) => node.inputs[position]!);
  });
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (choices.has(value)) continue;
    choices.set(value, choiceFor(graph, makers, value));
    waiting.push(...integerInputs(graph, makers, value));
  }
  return choices;
}

function choiceFor(graph: Graph, makers: ReadonlyMap<string, Node>, value: string): ActivationChoice {
  const bytes = bytesBehind(graph, makers, value);
  if (bytes !== undefined) return { kind: "bytes", ...bytes };
  const maker = makers.get(value);
  const operator = maker && quantizableOperator(graph, maker);
  return operator?.outputScale === "input" ? { kind: "same-as", value: maker!.inputs[0]! } : { kind: "calibrate" };
}

/** The activations that must be bytes as well, so that the maker of this value runs on integers. */
function integerInputs(graph: Graph, makers: ReadonlyMap<string, Node>, value: string): readonly string[] {
  const maker = makers.get(value);
  if (maker === undefined) return [];
  const isFused = fusedActivations.includes(maker.op);
  const source = isFused ? makers.get(maker.inputs[0]!) : maker;
  const operator = source && quantizableOperator(graph, source);
  if (operator === undefined || operator.weight !== undefined) return [];
  return isFused && operator.outputScale === "input" ? [] : operator.data.map((position) => source!.inputs[position]!);
}

/** Finds bytes behind a value of the form (float(bytes) − zeroPoint) · scale, with whole zero point: exact as it is. */
export function bytesBehind(graph: Graph, makers: ReadonlyMap<string, Node>, value: string) {
  const mul = makers.get(value);
  const factor = mul?.op === "Mul" ? scalar(graph, mul.inputs[1]!) : undefined;
  const sub = factor === undefined ? mul : makers.get(mul!.inputs[0]!);
  const middle = sub?.op === "Sub" ? scalar(graph, sub.inputs[1]!) : undefined;
  const cast = middle === undefined ? sub : makers.get(sub!.inputs[0]!);
  const bytes = cast?.op === "Cast" && intAttribute(cast, "to", 0) === 1 ? cast.inputs[0]! : undefined;
  const zeroPoint = middle ?? 0;
  const isByte = Number.isInteger(zeroPoint) && zeroPoint >= 0 && zeroPoint <= 255;
  if (bytes === undefined || !isByte || !holdsBytes(graph, makers, bytes)) return undefined;
  return { bytes, scale: factor ?? 1, zeroPoint };
}

function holdsBytes(graph: Graph, makers: ReadonlyMap<string, Node>, value: string): boolean {
  const maker = makers.get(value);
  if (maker !== undefined && ["Transpose", "Reshape", "Slice"].includes(maker.op)) {
    return holdsBytes(graph, makers, maker.inputs[0]!);
  }
  return typeOf(graph, value)?.dtype === "uint8";
}

function scalar(graph: Graph, name: string): number | undefined {
  const constant = graph.initializers.get(name);
  const isScalar = constant?.dtype === "float32" && elementCount(constant.shape) === 1;
  return isScalar ? floatsOf(constant)[0] : undefined;
}
