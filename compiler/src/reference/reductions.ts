import { floatAttribute, intAttribute, intsAttribute } from "../graph/graph.ts";
import { positiveAxis } from "../graph/shapes/shape-rule.ts";
import { at, filled, forEachPlace, type Reals, withAxis } from "./reals.ts";
import type { ReferenceContext, ReferenceOperator } from "./reference-operator.ts";

/** Folds the values along the axes into one number. */
export const reduced =
  (f: (values: readonly number[]) => number): ReferenceOperator =>
  (context) => {
    const input = context.input(0);
    const rank = input.shape.length;
    const named = context.integers(1) ?? intsAttribute(context.node, "axes", [...input.shape.keys()]);
    const axes = new Set(
      (named.length === 0 ? [...input.shape.keys()] : named).map((axis) => positiveAxis(axis, rank)),
    );
    const kept = input.shape.map((size, axis) => (axes.has(axis) ? 1 : size));
    const groups = new Map<number, number[]>();
    forEachPlace(input.shape, (place, index) => {
      const key = place.reduce((sum, each, axis) => sum * kept[axis]! + (axes.has(axis) ? 0 : each), 0);
      groups.set(key, [...(groups.get(key) ?? []), input.data[index]!]);
    });
    const shape = context.outputShape();
    return [{ shape, data: Float64Array.from(groups.keys(), (key) => f(groups.get(key)!)) }];
  };

export const sum = (values: readonly number[]): number => values.reduce((left, right) => left + right, 0);
export const mean = (values: readonly number[]): number => sum(values) / values.length;

/** Softmax, or its logarithm, along one axis. */
export const softmax =
  (isLog: boolean): ReferenceOperator =>
  (context) => {
    const input = context.input(0);
    const axis = positiveAxis(intAttribute(context.node, "axis", -1), input.shape.length);
    return [
      filled(input.shape, (place) => {
        const row = Array.from({ length: input.shape[axis]! }, (_, position) =>
          at(input, withAxis(place, axis, position)),
        );
        const highest = Math.max(...row);
        const total = sum(row.map((value) => Math.exp(value - highest)));
        const shifted = at(input, place) - highest;
        return isLog ? shifted - Math.log(total) : Math.exp(shifted) / total;
      }),
    ];
  };

/** Batch normalization over [N, C, …] by the batch's own statistics (training_mode) or by those given. */
export const batchNormalization: ReferenceOperator = (context) => {
  const input = context.input(0);
  const isTraining = intAttribute(context.node, "training_mode", 0) === 1;
  const epsilon = floatAttribute(context.node, "epsilon", 1e-5);
  const channels = input.shape[1]!;
  const values: number[][] = Array.from({ length: channels }, () => []);
  forEachPlace(input.shape, (place, index) => void values[place[1]!]!.push(input.data[index]!));
  const means = values.map((each, channel) => (isTraining ? mean(each) : context.input(3).data[channel]!));
  const variances = values.map((each, channel) =>
    isTraining ? mean(each.map((x) => (x - means[channel]!) ** 2)) : context.input(4).data[channel]!,
  );
  const normal = filled(input.shape, (place, index) => {
    const channel = place[1]!;
    const scaled = (input.data[index]! - means[channel]!) / Math.sqrt(variances[channel]! + epsilon);
    return scaled * context.input(1).data[channel]! + context.input(2).data[channel]!;
  });
  const perChannel = (data: readonly number[]): Reals => ({ shape: [channels], data: Float64Array.from(data) });
  return isTraining ? [normal, perChannel(means), perChannel(variances)] : [normal];
};

/** Layer normalization over the axes from `axis` on. */
export const layerNormalization: ReferenceOperator = (context) => {
  const input = context.input(0);
  const axis = positiveAxis(intAttribute(context.node, "axis", -1), input.shape.length);
  const length = input.shape.slice(axis).reduce((product, size) => product * size, 1);
  const epsilon = floatAttribute(context.node, "epsilon", 1e-5);
  return [
    filled(input.shape, (_, index) => {
      const start = index - (index % length);
      const row = [...input.data.subarray(start, start + length)];
      const middle = mean(row);
      const variance = mean(row.map((x) => (x - middle) ** 2));
      const scaled =
        ((input.data[index]! - middle) / Math.sqrt(variance + epsilon)) * context.input(1).data[index % length]!;
      return context.has(2) ? scaled + context.input(2).data[index % length]! : scaled;
    }),
  ];
};

/** Every position's mean or maximum: [N, C, …] → [N, C, 1, …]. */
export const globalPool =
  (f: (values: readonly number[]) => number): ReferenceOperator =>
  (context: ReferenceContext) => {
    const input = context.input(0);
    const positions = input.shape.slice(2).reduce((product, size) => product * size, 1);
    const rows = Array.from({ length: input.data.length / positions }, (_, row) =>
      f([...input.data.subarray(row * positions, (row + 1) * positions)]),
    );
    return [{ shape: context.outputShape(), data: Float64Array.from(rows) }];
  };
