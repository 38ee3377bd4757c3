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

function turned(shape: readonly Dimension[], transpose: number): readonly Dimension[] {
  return transpose === 1 ? [shape[1]!, shape[0]!] : shape;
}

function expectEqual(node: Node, left: Dimension | undefined, right: Dimension | undefined): void {
  if (typeof left === "number" && typeof right === "number" && left !== right) {
    throw shapeMismatch(node, `inner sizes that agree`, `${left} and ${right}`);
  }
}
