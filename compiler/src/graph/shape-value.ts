import { type Dimension, intAttribute, type Node, type ValueType } from "./graph.ts";
import { slicedSize } from "./shapes/movement-shapes.ts";
import { positiveAxis } from "./shapes/shape-rule.ts";
import { integersOf, type Tensor } from "./tensor.ts";

/** Int64 values that a graph computes from shapes: sizes and names of symbolic ones, in a list or alone. */
export interface ShapeValue {
  readonly isList: boolean;
  readonly elements: readonly Dimension[];
}

/** What is known where a node stands. */
export interface ShapeFacts {
  typeOf(name: string): ValueType | undefined;
  valueOf(name: string): ShapeValue | undefined;
}

const mostElements = 64;
const int64 = 7;

/** A constant as a shape value: a short list of int64, or one alone. */
export function shapeValueOfTensor({ dtype, shape, bytes }: Tensor): ShapeValue | undefined {
  if (dtype !== "int64" || shape.length > 1 || bytes.length > mostElements * 8) return undefined;
  const elements = integersOf({ dtype, shape, bytes });
  return elements.every(Number.isSafeInteger) ? { isList: shape.length === 1, elements } : undefined;
}

/** The integers of a shape value that has no symbol and none at the end of the exact range, where int64 ones saturate. */
export function exactIntegers(value: ShapeValue | undefined): readonly number[] | undefined {
  const numbers = numbersOf(value);
  return numbers?.every((number) => Math.abs(number) < Number.MAX_SAFE_INTEGER) ? numbers : undefined;
}

/** What a node makes of shape values, or undefined where it is not known. */
export function shapeValueOfNode(node: Node, facts: ShapeFacts): ShapeValue | undefined {
  const rule = node.domain === "" ? rules[node.op] : undefined;
  return rule?.(node, facts);
}

type ShapeValueRule = (node: Node, facts: ShapeFacts) => ShapeValue | undefined;

const rules: Readonly<Record<string, ShapeValueRule>> = {
  Add: arithmetic((left, right) => left + right),
  Cast: (node, facts) => (intAttribute(node, "to", 0) === int64 ? first(node, facts) : undefined),
  Concat: concatenated,
  ConstantOfShape: repeated,
  Div: arithmetic((left, right) => (right === 0 ? Number.NaN : Math.trunc(left / right))),
  Gather: gathered,
  Identity: first,
  Mul: arithmetic((left, right) => left * right),
  Shape: sizesOf,
  Slice: sliced,
  Squeeze: (node, facts) => alone(first(node, facts)),
  Sub: arithmetic((left, right) => left - right),
  Unsqueeze: (node, facts) => listed(first(node, facts)),
};

function first(node: Node, facts: ShapeFacts): ShapeValue | undefined {
  return facts.valueOf(node.inputs[0] ?? "");
}

function alone(value: ShapeValue | undefined): ShapeValue | undefined {
  return value?.isList && value.elements.length === 1 ? { isList: false, elements: value.elements } : undefined;
}

function listed(value: ShapeValue | undefined): ShapeValue | undefined {
  return value === undefined || value.isList ? undefined : { isList: true, elements: value.elements };
}

function sizesOf(node: Node, facts: ShapeFacts): ShapeValue | undefined {
  const shape = facts.typeOf(node.inputs[0] ?? "")?.shape;
  if (shape === undefined) return undefined;
  const elements = shape.slice(intAttribute(node, "start", 0), intAttribute(node, "end", shape.length));
  return { isList: true, elements };
}

function gathered(node: Node, facts: ShapeFacts): ShapeValue | undefined {
  const [data, indices] = node.inputs.map((name) => facts.valueOf(name));
  const places = numbersOf(indices);
  if (!data?.isList || indices === undefined || places === undefined) return undefined;
  const elements = places.map((place) => data.elements[positiveAxis(place, data.elements.length)]);
  return elements.every((element) => element !== undefined) ? { isList: indices.isList, elements } : undefined;
}

function concatenated(node: Node, facts: ShapeFacts): ShapeValue | undefined {
  const values = node.inputs.map((name) => facts.valueOf(name));
  if (!values.every((value) => value?.isList)) return undefined;
  const elements = values.flatMap((value) => value?.elements ?? []);
  return elements.length > mostElements ? undefined : { isList: true, elements };
}

function sliced(node: Node, facts: ShapeFacts): ShapeValue | undefined {
  const data = first(node, facts);
  const [start, end, step] = [1, 2, 4].map((index) => numbersOf(facts.valueOf(node.inputs[index] ?? ""))?.[0]);
  const isStepKnown = (node.inputs[4] ?? "") === "" || step === 1;
  if (!data?.isList || start === undefined || end === undefined || !isStepKnown) return undefined;
  const from = Math.max(0, start < 0 ? start + data.elements.length : start);
  const count = Number(slicedSize(data.elements.length, start, end, 1));
  return { isList: true, elements: data.elements.slice(from, from + count) };
}

function repeated(node: Node, facts: ShapeFacts): ShapeValue | undefined {
  const counts = numbersOf(first(node, facts));
  const { value } = node.attributes;
  const element = value?.kind === "tensor" ? shapeValueOfTensor(value.value)?.elements[0] : undefined;
  if (counts?.length !== 1 || counts[0]! > mostElements || element === undefined) return undefined;
  return { isList: true, elements: new Array<Dimension>(Math.max(0, counts[0]!)).fill(element) };
}

function arithmetic(combine: (left: number, right: number) => number): ShapeValueRule {
  return (node, facts) => {
    const values = node.inputs.map((name) => facts.valueOf(name));
    const [left, right] = values.map(exactIntegers);
    if (left === undefined || right === undefined) return undefined;
    if (left.length !== right.length && left.length !== 1 && right.length !== 1) return undefined;
    const length = left.length === 1 ? right.length : left.length;
    const elements = Array.from({ length }, (_, index) =>
      combine(left[left.length === 1 ? 0 : index]!, right[right.length === 1 ? 0 : index]!),
    );
    return elements.every(Number.isSafeInteger)
      ? { isList: values.some((value) => value?.isList), elements }
      : undefined;
  };
}

function numbersOf(value: ShapeValue | undefined): readonly number[] | undefined {
  return value?.elements.every((element) => typeof element === "number") ? value.elements : undefined;
}
