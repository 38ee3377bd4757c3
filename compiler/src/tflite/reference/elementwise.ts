import { elementCount } from "../../graph/tensor.ts";
import { optionsOf } from "../tflite-model.ts";
import { activations, parametersOf, roundHalfAway, storedRange } from "./activation.ts";
import { fixedPointOf, scaled } from "./fixed-point.ts";
import { input, type Kernel, type KernelCall, type Operand, output, unsupported } from "./kernel.ts";

/** Extra bits that both sides of an integer sum are widened by before they meet at one scale. */
const sumShift = 20;

/** ADD with broadcasting and a fused activation. */
export const add: Kernel = (call) => {
  const activation = optionsOf(call.operator, "AddOptions").activation ?? 0;
  combine(call, activation, { float: (left, right) => left + right, integer: () => integerSum(call, 1) });
};

/** SUB with broadcasting and a fused activation. */
export const subtract: Kernel = (call) => {
  const activation = optionsOf(call.operator, "SubOptions").activation ?? 0;
  combine(call, activation, { float: (left, right) => left - right, integer: () => integerSum(call, -1) });
};

/** MUL with broadcasting and a fused activation. */
export const multiply: Kernel = (call) => {
  const activation = optionsOf(call.operator, "MulOptions").activation ?? 0;
  const integer = () => {
    const [left, right, result] = [input(call, 0), input(call, 1), output(call)].map(parametersOf);
    const factor = fixedPointOf((left!.scale * right!.scale) / result!.scale);
    return (one: number, other: number) =>
      scaled((one - left!.zeroPoint) * (other - right!.zeroPoint), factor) + result!.zeroPoint;
  };
  combine(call, activation, { float: (left, right) => left * right, integer });
};

/** DIV of floats. */
export const divide: Kernel = (call) => {
  const activation = optionsOf(call.operator, "DivOptions").activation ?? 0;
  const integer = () => {
    throw unsupported(call.operator, input(call, 0), "division of integers");
  };
  combine(call, activation, { float: (left, right) => left / right, integer });
};

/** MAXIMUM and MINIMUM with broadcasting; integers share one scale. */
export const maximum: Kernel = (call) => combine(call, 0, { float: Math.max, integer: () => Math.max });
export const minimum: Kernel = (call) => combine(call, 0, { float: Math.min, integer: () => Math.min });

/** RELU, RELU6 and RELU_N1_TO_1 on their own. */
export const relu: Kernel = (call) => clipped(call, activations.relu);
export const relu6: Kernel = (call) => clipped(call, activations.relu6);
export const reluN1To1: Kernel = (call) => clipped(call, activations.reluN1To1);

/** Curves through floats: what integers hold is made real, put through the curve and stored again. */
export const logistic: Kernel = (call) => curve(call, (value) => 1 / (1 + Math.exp(-value)));
export const tanh: Kernel = (call) => curve(call, Math.tanh);
export const hardSwish: Kernel = (call) => curve(call, (value) => (value * Math.min(6, Math.max(0, value + 3))) / 6);
export const leakyRelu: Kernel = (call) => {
  const alpha = optionsOf(call.operator, "LeakyReluOptions").alpha ?? 0;
  curve(call, (value) => (value < 0 ? alpha * value : value));
};

/** QUANTIZE: reals to integers, or integers to another scale. */
export const quantize: Kernel = (call) => {
  const [data, result] = [input(call, 0), output(call)];
  const [from, to] = [parametersOf(data), parametersOf(result)];
  if (data.tensor.type === "float32") return curve(call, (value) => value);
  const [low, high] = storedRange(result, activations.none);
  const factor = fixedPointOf(from.scale / to.scale);
  for (const [place, value] of data.data.entries()) {
    result.data[place] = Math.min(high, Math.max(low, scaled(value - from.zeroPoint, factor) + to.zeroPoint));
  }
};

/** DEQUANTIZE and CAST: integers to reals, or numbers as they are. */
export const dequantize: Kernel = (call) => curve(call, (value) => value);
export const cast: Kernel = (call) => {
  const [data, result] = [input(call, 0), output(call)];
  for (const [place, value] of data.data.entries()) result.data[place] = value;
};

function clipped(call: KernelCall, activation: number): void {
  const [low, high] = storedRange(output(call), activation);
  if (input(call, 0).tensor.type === "float32") {
    curve(call, (value) => Math.min(high, Math.max(low, value)));
    return;
  }
  quantize(call);
  const { data } = output(call);
  for (const [place, value] of data.entries()) data[place] = Math.min(high, Math.max(low, value));
}

function curve(call: KernelCall, through: (value: number) => number): void {
  const [data, result] = [input(call, 0), output(call)];
  const from = parametersOf(data);
  const to = parametersOf(result);
  const [low, high] = storedRange(result, activations.none);
  for (const [place, value] of data.data.entries()) {
    const real = through(data.tensor.type === "float32" ? value : (value - from.zeroPoint) * from.scale);
    const stored = result.tensor.type === "float32" ? real : roundHalfAway(real / to.scale) + to.zeroPoint;
    result.data[place] = Math.min(high, Math.max(low, stored));
  }
}

/** TFLite's integer sum: both sides at twice the larger scale with 20 extra bits, then to the output's scale. */
function integerSum(call: KernelCall, sign: 1 | -1): (one: number, other: number) => number {
  const [left, right, result] = [input(call, 0), input(call, 1), output(call)].map(parametersOf);
  const shared = 2 * Math.max(left!.scale, right!.scale);
  const factors = [left!, right!].map(({ scale }) => fixedPointOf(scale / shared));
  const toOutput = fixedPointOf(shared / (2 ** sumShift * result!.scale));
  return (one, other) => {
    const first = scaled((one - left!.zeroPoint) * 2 ** sumShift, factors[0]!);
    const second = scaled((other - right!.zeroPoint) * 2 ** sumShift, factors[1]!);
    return scaled(first + sign * second, toOutput) + result!.zeroPoint;
  };
}

interface Combination {
  readonly float: (left: number, right: number) => number;
  /** The same on stored integers, prepared from scales and zero points. */
  readonly integer: () => (left: number, right: number) => number;
}

function combine(call: KernelCall, activation: number, { float, integer }: Combination): void {
  const [left, right, result] = [input(call, 0), input(call, 1), output(call)];
  const rule = result.tensor.type === "float32" ? float : integer();
  const [low, high] = storedRange(result, activation);
  const { shape } = result.tensor;
  const [fromLeft, fromRight] = [left, right].map((side) => broadcastPlaces(side, shape));
  for (let place = 0; place < elementCount(shape); place += 1) {
    const value = rule(left.data[fromLeft!(place)]!, right.data[fromRight!(place)]!);
    result.data[place] = Math.min(high, Math.max(low, value));
  }
}

/** Where the element of one side lies that meets the output's element at a place. */
function broadcastPlaces({ tensor }: Operand, shape: readonly number[]): (place: number) => number {
  if (tensor.shape.join() === shape.join()) return (place) => place;
  const padded = [...shape.map(() => 1).slice(tensor.shape.length), ...tensor.shape];
  return (place) => {
    let [rest, found, step] = [place, 0, 1];
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      const index = rest % shape[axis]!;
      rest = Math.floor(rest / shape[axis]!);
      found += padded[axis] === 1 ? 0 : index * step;
      step *= padded[axis]!;
    }
    return found;
  };
}
