import { type Dimension, intAttribute, type Node } from "../graph.ts";
import { broadcastShapes, ranked, type ShapeRule, shapeMismatch } from "./shape-rule.ts";

/** Gemm: [M, N] after the transpositions that the node names. */
export const gemmShape: ShapeRule = (context) => {
  const left = ranked(context, 0);
  const right = ranked(context, 1);
  if (left === undefined || right === undefined) return [undefined];
  const [rows, inner] = turned(left.shape, intAttribute(context.node, "transA", 0));
  const [other, columns] = turned(right.shape, intAttribute(context.node, "transB", 0));
  expectEqual(context.node, inner, other);
  return [{ dtype: left.dtype, shape: [rows!, columns!] }];
};

/** MatMul: leading axes broadcast, the last two multiply; vectors lose their axis. */
export const matMulShape: ShapeRule = (context) => {
  const left = ranked(context, 0);
  const right = ranked(context, 1);
  if (left === undefined || right === undefined) return [undefined];
  const leftShape = left.shape.length === 1 ? [1, ...left.shape] : left.shape;
  const rightShape = right.shape.length === 1 ? [...right.shape, 1] : right.shape;
  expectEqual(context.node, leftShape.at(-1), rightShape.at(-2));
  const batch = broadcastShapes(leftShape.slice(0, -2), rightShape.slice(0, -2), context.node);
  const rows = left.shape.length === 1 ? [] : [leftShape.at(-2)!];
  const columns = right.shape.length === 1 ? [] : [rightShape.at(-1)!];
  return [{ dtype: left.dtype, shape: [...batch, ...rows, ...columns] }];
};

/** MatMulInteger: as MatMul, counted in int32. */
export const matMulIntegerShape: ShapeRule = (context) =>
  matMulShape(context).map((type) => type && { dtype: "int32", shape: type.shape });

/** LSTM, GRU and RNN: every step [T, D, B, H], then the last hidden state and, for LSTM, the last cell [D, B, H]. */
export const recurrentShape: ShapeRule = (context) => {
  const input = ranked(context, 0);
  const recurrence = ranked(context, 2);
  if (input === undefined || recurrence === undefined) return [undefined];
  const [directions, , hidden] = recurrence.shape;
  const isBatchFirst = intAttribute(context.node, "layout", 0) === 1;
  const [steps, batch] = isBatchFirst ? [input.shape[1], input.shape[0]] : input.shape;
  const all = isBatchFirst ? [batch!, steps!, directions!, hidden!] : [steps!, directions!, batch!, hidden!];
  const last = isBatchFirst ? [batch!, directions!, hidden!] : [directions!, batch!, hidden!];
  return [all, last, last].map((shape) => ({ dtype: input.dtype, shape }));
};

function turned(shape: readonly Dimension[], transpose: number): readonly Dimension[] {
  return transpose === 1 ? [shape[1]!, shape[0]!] : shape;
}

function expectEqual(node: Node, left: Dimension | undefined, right: Dimension | undefined): void {
  if (typeof left === "number" && typeof right === "number" && left !== right) {
    throw shapeMismatch(node, `inner sizes that agree`, `${left} and ${right}`);
  }
}
