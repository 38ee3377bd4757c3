import { elementCount } from "../../graph/tensor.ts";
import { optionsOf } from "../tflite-model.ts";
import { input, type Kernel, misshapen, output } from "./kernel.ts";
import { weightedSum } from "./weighted-sum.ts";

/** FULLY_CONNECTED: rows of K values with weights [M, K] to rows of M. */
export const fullyConnected: Kernel = (call) => {
  const { activation = 0 } = optionsOf(call.operator, "FullyConnectedOptions");
  const [data, weight, result] = [input(call, 0), input(call, 1), output(call)];
  const [units, depth] = weight.tensor.shape;
  if (units === undefined || depth === undefined || weight.tensor.shape.length !== 2)
    throw misshapen(call.operator, "weights [M, K]", `[${weight.tensor.shape}]`);
  const rows = elementCount(result.tensor.shape) / units;
  if (rows * depth !== elementCount(data.tensor.shape))
    throw misshapen(call.operator, `rows of ${depth} values`, `[${data.tensor.shape}]`);
  const sums = weightedSum({ call, data, weight, bias: call.inputs[2], result, activation });
  const { inputZero, weightZero } = sums;
  const [values, weights] = [data.data, weight.data];
  for (let row = 0; row < rows; row += 1) {
    for (let unit = 0; unit < units; unit += 1) {
      let sum = 0;
      for (let tap = 0; tap < depth; tap += 1) {
        sum += (values[row * depth + tap]! - inputZero) * (weights[unit * depth + tap]! - weightZero);
      }
      result.data[row * units + unit] = sums.finish(sum, unit);
    }
  }
};
