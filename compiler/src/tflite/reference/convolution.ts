import { optionsOf } from "../tflite-model.ts";
import { type ConvolutionOptions, paddingBefore } from "../window.ts";
import { imageShape, input, type Kernel, type KernelCall, misshapen, output } from "./kernel.ts";
import { weightedSum } from "./weighted-sum.ts";

/** CONV_2D: [N, H, W, C] with weights [M, h, w, C / groups] to [N, H′, W′, M]. */
export const convolution: Kernel = (call) => {
  const weight = imageShape(call.operator, input(call, 1).tensor);
  const channels = imageShape(call.operator, input(call, 0).tensor).channels;
  const groups = channels / weight.channels;
  const perGroup = weight.batch / groups;
  if (!Number.isInteger(groups) || !Number.isInteger(perGroup))
    throw misshapen(call.operator, `weights for ${channels} channels`, `[${input(call, 1).tensor.shape}]`);
  convolve(call, optionsOf(call.operator, "Conv2DOptions"), {
    taps: weight.channels,
    firstInput: (out) => Math.floor(out / perGroup) * weight.channels,
    weightAt: (out, y, x, tap) => ((out * weight.height + y) * weight.width + x) * weight.channels + tap,
  });
};

/** DEPTHWISE_CONV_2D: [N, H, W, C] with weights [1, h, w, C · multiplier]. */
export const depthwiseConvolution: Kernel = (call) => {
  const weight = imageShape(call.operator, input(call, 1).tensor);
  const multiplier = weight.channels / imageShape(call.operator, input(call, 0).tensor).channels;
  if (!Number.isInteger(multiplier))
    throw misshapen(call.operator, "a multiple of the input's channels", `[${input(call, 1).tensor.shape}]`);
  convolve(call, optionsOf(call.operator, "DepthwiseConv2DOptions"), {
    taps: 1,
    firstInput: (out) => Math.floor(out / multiplier),
    weightAt: (out, y, x) => (y * weight.width + x) * weight.channels + out,
  });
};

/** Which input channels meet an output channel (`taps` from `firstInput` on), and where their weights lie. */
interface Reach {
  readonly taps: number;
  readonly firstInput: (out: number) => number;
  readonly weightAt: (out: number, y: number, x: number, tap: number) => number;
}

function convolve(call: KernelCall, steps: ConvolutionOptions, { taps, firstInput, weightAt }: Reach): void {
  const { padding = 0, strideW = 1, strideH = 1, dilationW = 1, dilationH = 1, activation = 0 } = steps;
  const [data, weight, result] = [input(call, 0), input(call, 1), output(call)];
  const [from, kernel, to] = [data, weight, result].map(({ tensor }) => imageShape(call.operator, tensor));
  const sums = weightedSum({ call, data, weight, bias: call.inputs[2], result, activation });
  const top = paddingBefore({
    padding,
    from: from!.height,
    kernel: kernel!.height,
    stride: strideH,
    dilation: dilationH,
  });
  const left = paddingBefore({
    padding,
    from: from!.width,
    kernel: kernel!.width,
    stride: strideW,
    dilation: dilationW,
  });
  const { inputZero, weightZero } = sums;
  const [values, factors] = [data.data, weight.data];
  let place = 0;
  for (let batch = 0; batch < to!.batch; batch += 1) {
    for (let row = 0; row < to!.height; row += 1) {
      for (let column = 0; column < to!.width; column += 1) {
        for (let out = 0; out < to!.channels; out += 1) {
          let sum = 0;
          const first = firstInput(out);
          for (let y = 0; y < kernel!.height; y += 1) {
            const inRow = row * strideH - top + y * dilationH;
            if (inRow < 0 || inRow >= from!.height) continue;
            for (let x = 0; x < kernel!.width; x += 1) {
              const inColumn = column * strideW - left + x * dilationW;
              if (inColumn < 0 || inColumn >= from!.width) continue;
              const pixel = ((batch * from!.height + inRow) * from!.width + inColumn) * from!.channels + first;
              const weights = weightAt(out, y, x, 0);
              for (let tap = 0; tap < taps; tap += 1) {
                sum += (values[pixel + tap]! - inputZero) * (factors[weights + tap]! - weightZero);
              }
            }
          }
          result.data[place] = sums.finish(sum, out);
          place += 1;
        }
      }
    }
  }
}
