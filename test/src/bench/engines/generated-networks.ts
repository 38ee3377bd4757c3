import { attribute, createRandom, floatTensor, type Graph, GraphBuilder, type Random } from "@fieldloop/compiler";

/** A network with the shape of a known one and random weights: its time is real, its answers mean nothing. */
export type GeneratedNetwork = {
  readonly name: string;
  readonly kind: "dense" | "tiny dense" | "depthwise";
  readonly side: number;
  readonly graph: () => Graph;
};

type Layer = { readonly channels: number; readonly kernel: number; readonly stride?: number; readonly group?: number };

/** Writes convolutions with bias and ReLU (batch normalization is folded by then) and keeps the channels in mind. */
class NetworkWriter {
  readonly builder: GraphBuilder;
  readonly #random: Random;
  #layers = 0;

  constructor(name: string, side: number) {
    this.builder = new GraphBuilder(name);
    this.#random = createRandom(1);
    this.builder.input("image", "float32", ["N", 3, side, side]);
  }

  conv(input: string, { channels, kernel, stride = 1, group = 1 }: Layer): string {
    this.#layers += 1;
    const before = Number(this.builder.typeOf(input)?.shape?.[1]);
    const fanIn = (before / group) * kernel * kernel;
    const weight = this.#tensor(`w${this.#layers}`, [channels, before / group, kernel, kernel], Math.sqrt(2 / fanIn));
    const bias = this.#tensor(`b${this.#layers}`, [channels], 0.05);
    const pad = Math.floor(kernel / 2);
    return this.builder.add("Conv", [input, weight, bias], {
      attributes: {
        group: attribute.int(group),
        kernel_shape: attribute.ints([kernel, kernel]),
        pads: attribute.ints([pad, pad, pad, pad]),
        strides: attribute.ints([stride, stride]),
      },
    });
  }

  relu = (input: string): string => this.builder.add("Relu", [input]);
  convRelu = (input: string, layer: Layer): string => this.relu(this.conv(input, layer));
  sum = (left: string, right: string): string => this.relu(this.builder.add("Add", [left, right]));

  /** Mean over positions, then a dense layer that gives the `embedding`. */
  finish(input: string, features: number): Graph {
    const channels = Number(this.builder.typeOf(input)?.shape?.[1]);
    const pooled = this.builder.add("GlobalAveragePool", [input]);
    const flat = this.builder.add("Flatten", [pooled], { attributes: { axis: attribute.int(1) } });
    const weight = this.#tensor("dense", [features, channels], Math.sqrt(1 / channels));
    const bias = this.#tensor("dense.bias", [features], 0.05);
    this.builder.add("Gemm", [flat, weight, bias], {
      outputs: ["embedding"],
      attributes: { transB: attribute.int(1) },
    });
    this.builder.output("embedding");
    return this.builder.build();
  }

  #tensor(name: string, shape: readonly number[], deviation: number): string {
    const count = shape.reduce((product, size) => product * size, 1);
    return this.builder.initializer(
      name,
      floatTensor(
        Float32Array.from({ length: count }, () => this.#random.normal() * deviation),
        shape,
      ),
    );
  }
}

/** ResNet-50 v1.5 (He et al. 2016, stride in the 3 × 3), 224 px. */
function resNet50(): Graph {
  const net = new NetworkWriter("resnet50-shape", 224);
  let value = net.convRelu("image", { channels: 64, kernel: 7, stride: 2 });
  value = net.builder.add("MaxPool", [value], {
    attributes: {
      kernel_shape: attribute.ints([3, 3]),
      pads: attribute.ints([1, 1, 1, 1]),
      strides: attribute.ints([2, 2]),
    },
  });
  for (const [stage, blocks] of [3, 4, 6, 3].entries()) {
    const width = 64 * 2 ** stage;
    for (let block = 0; block < blocks; block += 1) {
      const stride = block === 0 && stage > 0 ? 2 : 1;
      const skip = block === 0 ? net.conv(value, { channels: 4 * width, kernel: 1, stride }) : value;
      const narrow = net.convRelu(value, { channels: width, kernel: 1 });
      const middle = net.convRelu(narrow, { channels: width, kernel: 3, stride });
      value = net.sum(net.conv(middle, { channels: 4 * width, kernel: 1 }), skip);
    }
  }
  return net.finish(value, 1000);
}

/** The ResNet-8 of MLPerf Tiny (Banbury et al. 2021), 32 px; widen: factor on its 16, 32 and 64 channels. */
function resNet8(widen: number): Graph {
  const net = new NetworkWriter(`resnet8-${widen}x`, 32);
  let value = net.convRelu("image", { channels: 16 * widen, kernel: 3 });
  for (const [stage, width] of [16, 32, 64].entries()) {
    const channels = width * widen;
    const stride = stage === 0 ? 1 : 2;
    const skip = stage === 0 ? value : net.conv(value, { channels, kernel: 1, stride });
    const first = net.convRelu(value, { channels, kernel: 3, stride });
    value = net.sum(net.conv(first, { channels, kernel: 3 }), skip);
  }
  return net.finish(value, 10);
}

/** Output channels at width 1 and stride of MobileNet v1's thirteen blocks. */
const mobileBlocks: readonly (readonly [channels: number, stride: number])[] = [
  [64, 1],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
  [512, 2],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [1024, 2],
  [1024, 1],
];

/** MobileNet v1 (Howard et al. 2017). MLPerf Tiny's visual wake words has width 0.25 and 96 px. features: of its last layer */
export function mobileNet({ width = 0.25, side = 96, features = 64 } = {}): Graph {
  const net = new NetworkWriter("mobilenet-shape", side);
  let channels = 32 * width;
  let value = net.convRelu("image", { channels, kernel: 3, stride: 2 });
  for (const [after, stride] of mobileBlocks) {
    value = net.convRelu(value, { channels, kernel: 3, stride, group: channels });
    channels = after * width;
    value = net.convRelu(value, { channels, kernel: 1 });
  }
  return net.finish(value, features);
}

/** Every generated network, the large one first. */
export const generatedNetworks: readonly GeneratedNetwork[] = [
  { name: "resnet50-shape", kind: "dense", side: 224, graph: resNet50 },
  { name: "resnet8-3x", kind: "dense", side: 32, graph: () => resNet8(3) },
  { name: "resnet8", kind: "tiny dense", side: 32, graph: () => resNet8(1) },
  { name: "mobilenet-shape", kind: "depthwise", side: 96, graph: () => mobileNet() },
];
