import { floatAttribute, intAttribute } from "../graph/graph.ts";
import { at, broadcastAt, filled } from "./reals.ts";
import type { ReferenceOperator } from "./reference-operator.ts";

/** α·A′·B′ + β·C. */
export const gemm: ReferenceOperator = (context) => {
  const [left, right] = [context.input(0), context.input(1)];
  const [turnLeft, turnRight] = [intAttribute(context.node, "transA", 0), intAttribute(context.node, "transB", 0)];
  const depth = left.shape[turnLeft === 1 ? 0 : 1]!;
  const [alpha, beta] = [floatAttribute(context.node, "alpha", 1), floatAttribute(context.node, "beta", 1)];
  return [
    filled(context.outputShape(), (place) => {
      const [row, column] = place as [number, number];
      let total = 0;
      for (let k = 0; k < depth; k += 1) {
        total +=
          at(left, turnLeft === 1 ? [k, row] : [row, k]) * at(right, turnRight === 1 ? [column, k] : [k, column]);
      }
      return alpha * total + (context.has(2) ? beta * broadcastAt(context.input(2), place) : 0);
    }),
  ];
};

/** Products of matrices, or of stacks of them that broadcast. */
export const matMul: ReferenceOperator = (context) => {
  const [left, right] = [context.input(0), context.input(1)];
  const depth = left.shape.at(-1)!;
  return [
    filled(context.outputShape(), (place) => {
      const stack = place.slice(0, -2);
      const [row, column] = place.slice(-2) as [number, number];
      let total = 0;
      for (let k = 0; k < depth; k += 1) {
        total += broadcastAt(left, [...stack, row, k]) * broadcastAt(right, [...stack, k, column]);
      }
      return total;
    }),
  ];
};
