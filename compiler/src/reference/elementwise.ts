import erfc from "@stdlib/math-base-special-erfc";
import { floatAttribute, stringAttribute } from "../graph/graph.ts";
import { broadcastAt, filled } from "./reals.ts";
import type { ReferenceContext, ReferenceOperator } from "./reference-operator.ts";

/** y = f(x), place by place. */
export const each =
  (f: (x: number, context: ReferenceContext) => number): ReferenceOperator =>
  (context) => {
    const { shape, data } = context.input(0);
    return [{ shape, data: data.map((x) => f(x, context)) }];
  };

/** Inputs broadcast to one shape and folded from the left. */
export const folded =
  (f: (left: number, right: number) => number): ReferenceOperator =>
  (context) => {
    const inputs = context.node.inputs.map((_, position) => context.input(position));
    return [
      filled(context.outputShape(), (place) =>
        inputs.map((input) => broadcastAt(input, place)).reduce((left, right) => f(left, right)),
      ),
    ];
  };

/** Where(condition, x, y). */
export const where: ReferenceOperator = (context) => {
  const [condition, x, y] = [0, 1, 2].map((position) => context.input(position));
  return [filled(context.outputShape(), (place) => broadcastAt(broadcastAt(condition!, place) !== 0 ? x! : y!, place))];
};

/** Clip between the inputs or attributes that are there. */
export const clip: ReferenceOperator = (context) => {
  const bound = (position: number, fallback: number) =>
    context.has(position) ? context.input(position).data[0]! : fallback;
  const [low, high] = [bound(1, Number.NEGATIVE_INFINITY), bound(2, Number.POSITIVE_INFINITY)];
  return each((x) => Math.min(Math.max(x, low), high))(context);
};

/** x · Φ(x), or its approximation by tanh. */
export const gelu: ReferenceOperator = (context) => {
  const isTanh = stringAttribute(context.node, "approximate", "none") === "tanh";
  return each((x) =>
    isTanh
      ? 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))
      : 0.5 * x * (1 + erf(x / Math.SQRT2)),
  )(context);
};

export const leakyRelu = each((x, { node }) => (x < 0 ? floatAttribute(node, "alpha", 0.01) * x : x));
export const elu = each((x, { node }) => (x < 0 ? floatAttribute(node, "alpha", 1) * Math.expm1(x) : x));
export const hardSigmoid = each((x, { node }) =>
  Math.min(1, Math.max(0, floatAttribute(node, "alpha", 0.2) * x + floatAttribute(node, "beta", 0.5))),
);
export const hardSwish = each((x) => x * Math.min(1, Math.max(0, x / 6 + 0.5)));
export const sigmoid = each((x) => 1 / (1 + Math.exp(-x)));

/** The error function. */
export const erf = (x: number): number => 1 - erfc(x);
