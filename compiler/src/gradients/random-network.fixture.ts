import { createRandom, type Random } from "../build/random.ts";
import { attribute } from "../graph/graph.ts";
import { GraphBuilder } from "../graph/graph-builder.ts";
import { elementCount, floatScalar, floatTensor, int64Tensor } from "../graph/tensor.ts";

/** A small network put together by chance; values: of its image and of every weight, by name. */
export interface RandomNetwork {
  readonly builder: GraphBuilder;
  readonly output: string;
  readonly values: ReadonlyMap<string, Float32Array>;
}

type Draft = { readonly builder: GraphBuilder; readonly random: Random; readonly values: Map<string, Float32Array> };
type Layer = (draft: Draft, value: string) => string;

const { int, ints } = attribute;

/** Smooth activations mostly: a kink that lies within the step of a difference would be told apart from its gradient. */
const activations = ["Tanh", "Sigmoid", "Softplus", "Gelu", "HardSwish", "LeakyRelu"] as const;

const spatialLayers: readonly Layer[] = [
  (draft, value) => convolution(draft, value, {}),
  (draft, value) => convolution(draft, value, { strides: ints([2, 1]) }),
  (draft, value) => convolution(draft, value, { dilations: ints([2, 2]), pads: ints([2, 2, 2, 2]) }),
  (draft, value) => depthwise(draft, value),
  (draft, value) => batchNorm(draft, value),
  (draft, value) => activation(draft, value),
  ({ builder }, value) =>
    builder.add("AveragePool", [value], { attributes: { kernel_shape: ints([3, 2]), pads: ints([1, 0, 1, 1]) } }),
  (draft, value) => draft.builder.add("Add", [value, activation(draft, value)]),
  (draft, value) => draft.builder.add("Concat", [value, activation(draft, value)], { attributes: { axis: int(1) } }),
  ({ builder }, value) =>
    builder.add("Mul", [value, builder.add("Sigmoid", [builder.add("GlobalAveragePool", [value])])]),
];

const flatLayers: readonly Layer[] = [
  (draft, value) => dense(draft, value),
  (draft, value) => layerNorm(draft, value),
  (draft, value) => activation(draft, value),
  ({ builder }, value) => builder.add("Softmax", [value]),
  ({ builder }, value) => {
    const row = builder.add("ReduceL2", [value], { attributes: { axes: ints([1]) } });
    return builder.add("Div", [value, builder.add("Add", [row, builder.constant(floatScalar(0.5))])]);
  },
  ({ builder, random }, value) => {
    const columns = builder.shapeOf(value)[1]!;
    const picked = Array.from({ length: 4 }, () => random.below(columns));
    return builder.add("Gather", [value, builder.constant(int64Tensor(picked))], { attributes: { axis: int(1) } });
  },
];

/** Three to five layers over an image [2, 3, 6, 6], then two to four over rows of features. */
export function randomNetwork(seed: number): RandomNetwork {
  const draft: Draft = { builder: new GraphBuilder(`random-${seed}`), random: createRandom(seed), values: new Map() };
  const { builder, random } = draft;
  const take = (layers: readonly Layer[], value: string) => layers[random.below(layers.length)]!(draft, value);
  let value = weight(draft, "image", [2, 3, 6, 6], 1);
  value = convolution(draft, value, {});
  for (let count = 2 + random.below(3); count > 0; count -= 1) value = take(spatialLayers, value);
  value = builder.add("Flatten", [value], { attributes: { axis: int(1) } });
  value = dense(draft, value);
  for (let count = 1 + random.below(3); count > 0; count -= 1) value = take(flatLayers, value);
  return { builder, output: value, values: draft.values };
}

/** An input of the graph with random values, so that its gradient is looked at as well. */
function weight({ builder, random, values }: Draft, hint: string, shape: readonly number[], deviation: number): string {
  const name = `${hint}${values.size}`;
  values.set(
    name,
    Float32Array.from({ length: elementCount(shape) }, () => random.normal() * deviation),
  );
  return builder.input(name, "float32", shape);
}

function convolution(
  draft: Draft,
  value: string,
  attributes: Readonly<Record<string, ReturnType<typeof ints>>>,
): string {
  const channels = draft.builder.shapeOf(value)[1]!;
  const kernel = weight(draft, "kernel", [4, channels, 3, 3], 0.3);
  const bias = weight(draft, "bias", [4], 0.1);
  return draft.builder.add("Conv", [value, kernel, bias], { attributes: { pads: ints([1, 1, 1, 1]), ...attributes } });
}

function depthwise(draft: Draft, value: string): string {
  const channels = draft.builder.shapeOf(value)[1]!;
  const kernel = weight(draft, "kernel", [channels, 1, 3, 3], 0.3);
  const attributes = { group: int(channels), pads: ints([1, 1, 1, 1]) };
  return draft.builder.add("Conv", [value, kernel], { attributes });
}

function batchNorm(draft: Draft, value: string): string {
  const channels = draft.builder.shapeOf(value)[1]!;
  const scale = weight(draft, "scale", [channels], 1);
  const shift = weight(draft, "shift", [channels], 1);
  const running = [0, 1].map((each) => draft.builder.constant(floatTensor(new Float32Array(channels).fill(each))));
  const outputs = ["normal", "mean", "variance"].map((hint) => draft.builder.freshName(hint));
  const attributes = { training_mode: int(1), momentum: attribute.float(0) };
  return draft.builder.addMany("BatchNormalization", [value, scale, shift, ...running], { outputs, attributes })[0]!;
}

function layerNorm(draft: Draft, value: string): string {
  const features = draft.builder.shapeOf(value)[1]!;
  const scale = weight(draft, "scale", [features], 1);
  const shift = weight(draft, "shift", [features], 1);
  return draft.builder.add("LayerNormalization", [value, scale, shift]);
}

function dense(draft: Draft, value: string): string {
  const features = draft.builder.shapeOf(value)[1]!;
  const matrix = weight(draft, "matrix", [5, features], 1 / Math.sqrt(features));
  const bias = weight(draft, "bias", [5], 0.1);
  return draft.builder.add("Gemm", [value, matrix, bias], { attributes: { transB: int(1) } });
}

function activation({ builder, random }: Draft, value: string): string {
  return builder.add(activations[random.below(activations.length)]!, [value]);
}
