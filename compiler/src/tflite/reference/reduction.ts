import { elementCount } from "../../graph/tensor.ts";
import { optionsOf } from "../tflite-model.ts";
import { activations, parametersOf, storedRange } from "./activation.ts";
import { fixedPointOf, scaled } from "./fixed-point.ts";
import { input, type Kernel, output } from "./kernel.ts";

/** MEAN over constant axes; integers are summed, then scaled once by input scale / (output scale · count). */
export const mean: Kernel = (call) => {
  const [data, axes, result] = [input(call, 0), input(call, 1), output(call)];
  const { shape } = data.tensor;
  const reduced = new Set([...axes.data].map((axis) => (axis < 0 ? axis + shape.length : axis)));
  const sums = new Float64Array(result.data.length);
  const strides = shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
  const kept = shape.map((size, axis) => (reduced.has(axis) ? 1 : size));
  for (const [place, value] of data.data.entries()) {
    const target = shape.reduce((sum, size, axis) => {
      return reduced.has(axis) ? sum : sum * kept[axis]! + (Math.floor(place / strides[axis]!) % size);
    }, 0);
    sums[target]! += value;
  }
  const count = elementCount(shape) / Math.max(1, result.data.length);
  const [from, to] = [parametersOf(data), parametersOf(result)];
  const [low, high] = storedRange(result, activations.none);
  const factor = fixedPointOf(from.scale / (to.scale * count));
  for (const [place, sum] of sums.entries()) {
    const stored =
      result.tensor.type === "float32" ? sum / count : scaled(sum - count * from.zeroPoint, factor) + to.zeroPoint;
    result.data[place] = Math.min(high, Math.max(low, stored));
  }
};

/** SOFTMAX over the last axis, at TFLite's fixed output scale of 1/256 from −128 for int8. */
export const softmax: Kernel = (call) => {
  const { beta = 1 } = optionsOf(call.operator, "SoftmaxOptions");
  const [data, result] = [input(call, 0), output(call)];
  const depth = data.tensor.shape.at(-1) ?? 1;
  const isFloat = data.tensor.type === "float32";
  const { scale } = isFloat ? { scale: 1 } : parametersOf(data);
  const to = parametersOf(result);
  const [low, high] = storedRange(result, activations.none);
  for (let start = 0; start < data.data.length; start += depth) {
    const row = Array.from(data.data.subarray(start, start + depth));
    const most = Math.max(...row);
    const powers = row.map((value) => Math.exp((value - most) * scale * beta));
    const total = powers.reduce((sum, power) => sum + power, 0);
    for (const [index, power] of powers.entries()) {
      const share = power / total;
      const stored = result.tensor.type === "float32" ? share : Math.round(share / to.scale) + to.zeroPoint;
      result.data[start + index] = Math.min(high, Math.max(low, stored));
    }
  }
};
