import { elementCount } from "../../graph/tensor.ts";
import { optionsOf } from "../tflite-model.ts";
import { parametersOf } from "./activation.ts";
import { quantize } from "./elementwise.ts";
import { input, type Kernel, type KernelCall, misshapen, output } from "./kernel.ts";

/** RESHAPE, SQUEEZE and EXPAND_DIMS: the same elements under another shape. */
export const reshape: Kernel = (call) => {
  const [data, result] = [input(call, 0), output(call)];
  if (data.data.length !== result.data.length)
    throw misshapen(call.operator, `${result.data.length} elements`, `${data.data.length}`);
  result.data.set(data.data);
};

/** TRANSPOSE by a constant permutation. */
export const transpose: Kernel = (call) => {
  const [data, result] = [input(call, 0), output(call)];
  const order = [...input(call, 1).data];
  const from = data.tensor.shape;
  if (order.length !== from.length) throw misshapen(call.operator, `${from.length} axes`, `[${order}]`);
  const strides = from.map((_, axis) => elementCount(from.slice(axis + 1)));
  eachIndex(result.tensor.shape, (index, place) => {
    const source = index.reduce((sum, at, axis) => sum + at * strides[order[axis]!]!, 0);
    result.data[place] = data.data[source]!;
  });
};

/** PAD and PADV2 by a constant [rank, 2]: with zero (its zero point as integer), or with the given value. */
export const pad: Kernel = (call) => {
  const [data, amounts, result] = [input(call, 0), input(call, 1), output(call)];
  const from = data.tensor.shape;
  const value = call.inputs[2]?.data[0] ?? (data.tensor.type === "float32" ? 0 : parametersOf(data).zeroPoint);
  result.data.fill(value);
  const strides = result.tensor.shape.map((_, axis) => elementCount(result.tensor.shape.slice(axis + 1)));
  eachIndex(from, (index, place) => {
    const target = index.reduce((sum, at, axis) => sum + (at + amounts.data[2 * axis]!) * strides[axis]!, 0);
    result.data[target] = data.data[place]!;
  });
};

/** CONCATENATION along an axis; integers are brought to the output's scale where theirs differs. */
export const concatenation: Kernel = (call) => {
  const result = output(call);
  const rank = result.tensor.shape.length;
  const { axis: given = 0 } = optionsOf(call.operator, "ConcatenationOptions");
  const axis = given < 0 ? given + rank : given;
  const inner = elementCount(result.tensor.shape.slice(axis + 1));
  const row = result.tensor.shape[axis]! * inner;
  let start = 0;
  for (const [index] of call.inputs.entries()) {
    const { tensor, data } = requantized(call, index);
    const width = (tensor.shape[axis] ?? 0) * inner;
    for (const [place, value] of data.entries()) {
      result.data[Math.floor(place / width) * row + start + (place % width)] = value;
    }
    start += width;
  }
};

function requantized(call: KernelCall, index: number) {
  const data = input(call, index);
  const result = output(call);
  if (result.tensor.type === "float32") return data;
  const tensor = { ...result.tensor, shape: data.tensor.shape };
  const moved = { tensor, data: new Int8Array(data.data.length) };
  quantize({ operator: call.operator, inputs: [data], outputs: [moved] });
  return moved;
}

function eachIndex(shape: readonly number[], visit: (index: readonly number[], place: number) => void): void {
  const index = shape.map(() => 0);
  const count = elementCount(shape);
  for (let place = 0; place < count; place += 1) {
    visit(index, place);
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      index[axis]! += 1;
      if (index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
}
