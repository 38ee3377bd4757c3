import { attribute } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import { elementCount, floatTensor, type Tensor } from "../graph/tensor.ts";
import type { Random } from "./random.ts";

/** The epsilon that every batch normalization of this room is built with. */
export const batchNormEpsilon = 1e-5;

/** What a convolution needs: square kernel, stride 1 and padding that keeps the size unless said otherwise. */
export interface ConvOptions {
  readonly name: string;
  readonly channels: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly random: Random;
}

/** Convolution without bias over [N, C, H, W]; weights are `<name>.weight`. */
export function conv(builder: GraphBuilder, input: string, options: ConvOptions): string {
  const { name, channels, kernel, stride = 1, random } = options;
  const inputChannels = channelsOf(builder, input);
  const shape = [channels, inputChannels, kernel, kernel];
  const weight = builder.initializer(`${name}.weight`, initialWeights(shape, inputChannels * kernel * kernel, random));
  const pad = Math.floor(kernel / 2);
  return builder.add("Conv", [input, weight], {
    outputs: [`${name}.out`],
    attributes: {
      kernel_shape: attribute.ints([kernel, kernel]),
      pads: attribute.ints([pad, pad, pad, pad]),
      strides: attribute.ints([stride, stride]),
    },
  });
}

/** Batch normalization with running statistics: scale 1, bias 0, mean 0, variance 1 under `<name>.…`. */
export function batchNorm(builder: GraphBuilder, input: string, name: string): string {
  const channels = channelsOf(builder, input);
  const filled = (suffix: string, value: number) =>
    builder.initializer(`${name}.${suffix}`, floatTensor(new Float32Array(channels).fill(value)));
  const parameters = [filled("scale", 1), filled("bias", 0), filled("mean", 0), filled("variance", 1)];
  return builder.add("BatchNormalization", [input, ...parameters], {
    outputs: [`${name}.out`],
    attributes: { epsilon: attribute.float(batchNormEpsilon) },
  });
}

/** max(0, x). */
export function relu(builder: GraphBuilder, input: string, output: string): string {
  return builder.add("Relu", [input], { outputs: [output] });
}

/** Maximum over windows of size × size that do not overlap. */
export function maxPool(builder: GraphBuilder, input: string, size: number, output: string): string {
  const square = attribute.ints([size, size]);
  return builder.add("MaxPool", [input], { outputs: [output], attributes: { kernel_shape: square, strides: square } });
}

/** Mean over all positions: [N, C, H, W] → [N, C]. */
export function globalAveragePool(builder: GraphBuilder, input: string, output: string): string {
  const pooled = builder.add("GlobalAveragePool", [input], { outputs: [`${output}.mean`] });
  return builder.add("Flatten", [pooled], { outputs: [output], attributes: { axis: attribute.int(1) } });
}

/** All values of a sample in one row: [N, C, H, W] → [N, C·H·W]. */
export function flatten(builder: GraphBuilder, input: string, output: string): string {
  return builder.add("Flatten", [input], { outputs: [output], attributes: { axis: attribute.int(1) } });
}

/** What a dense layer needs. */
export interface DenseOptions {
  readonly name: string;
  readonly features: number;
  readonly random: Random;
  readonly output?: string;
}

/** x · Wᵀ + b over [N, F]; `<name>.weight` is [out, in], `<name>.bias` starts at 0. */
export function dense(builder: GraphBuilder, input: string, options: DenseOptions): string {
  const { name, features, random, output = `${name}.out` } = options;
  const inputs = channelsOf(builder, input);
  const weight = builder.initializer(`${name}.weight`, initialWeights([features, inputs], inputs, random));
  const bias = builder.initializer(`${name}.bias`, floatTensor(new Float32Array(features)));
  return builder.add("Gemm", [input, weight, bias], { outputs: [output], attributes: { transB: attribute.int(1) } });
}

function channelsOf(builder: GraphBuilder, input: string): number {
  return Number(builder.typeOf(input)?.shape?.[1]);
}

/**
 * Normal with variance 1 / (3 · fan in), as PyTorch begins. Under Adam small weights turn fast: He's six times larger
 * variance left 43 road signs four points behind after the same steps.
 */
function initialWeights(shape: readonly number[], fanIn: number, random: Random): Tensor {
  const deviation = Math.sqrt(1 / (3 * fanIn));
  const values = Float32Array.from({ length: elementCount(shape) }, () => random.normal() * deviation);
  return floatTensor(values, shape);
}
