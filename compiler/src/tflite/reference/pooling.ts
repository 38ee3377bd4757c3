import { optionsOf } from "../tflite-model.ts";
import { paddingBefore } from "../window.ts";
import { roundHalfAway, storedRange } from "./activation.ts";
import { imageShape, input, type Kernel, type KernelCall, output } from "./kernel.ts";

/** AVERAGE_POOL_2D over what of a window lies inside the input; integers keep their scale and round ties away from zero. */
export const averagePool: Kernel = (call) => {
  const isFloat = input(call, 0).tensor.type === "float32";
  pool(call, (values) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return isFloat ? mean : roundHalfAway(mean);
  });
};

/** MAX_POOL_2D over what of a window lies inside the input. */
export const maxPool: Kernel = (call) => {
  pool(call, (values) => values.reduce((most, value) => Math.max(most, value), -Infinity));
};

function pool(call: KernelCall, combine: (values: readonly number[]) => number): void {
  const options = optionsOf(call.operator, "Pool2DOptions");
  const { padding = 0, strideW = 1, strideH = 1, filterW = 1, filterH = 1, activation = 0 } = options;
  const [data, result] = [input(call, 0), output(call)];
  const from = imageShape(call.operator, data.tensor);
  const to = imageShape(call.operator, result.tensor);
  const [low, high] = storedRange(result, activation);
  const top = paddingBefore({ padding, from: from.height, kernel: filterH, stride: strideH, dilation: 1 });
  const left = paddingBefore({ padding, from: from.width, kernel: filterW, stride: strideW, dilation: 1 });
  const covered = (start: number, size: number, limit: number) =>
    [Math.max(0, start), Math.min(limit, start + size)] as const;
  let place = 0;
  for (let batch = 0; batch < to.batch; batch += 1) {
    for (let row = 0; row < to.height; row += 1) {
      const [firstRow, endRow] = covered(row * strideH - top, filterH, from.height);
      for (let column = 0; column < to.width; column += 1) {
        const [firstColumn, endColumn] = covered(column * strideW - left, filterW, from.width);
        for (let channel = 0; channel < to.channels; channel += 1) {
          const values: number[] = [];
          for (let y = firstRow; y < endRow; y += 1) {
            for (let x = firstColumn; x < endColumn; x += 1) {
              values.push(data.data[((batch * from.height + y) * from.width + x) * from.channels + channel]!);
            }
          }
          result.data[place] = Math.min(high, Math.max(low, combine(values)));
          place += 1;
        }
      }
    }
  }
}
