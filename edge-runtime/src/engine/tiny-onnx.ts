// Hand-written ONNX bytes for tests: just enough protobuf (onnx.proto3) for graphs of a few nodes.

const dtypeCodes = { float32: 1, uint8: 2, int64: 7 } as const;

interface TinyPort {
  readonly name: string;
  readonly dtype: keyof typeof dtypeCodes;
  readonly shape: readonly (number | string)[];
}

interface TinyNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, number | readonly number[]>>;
}

interface TinyWeights {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

interface TinyGraph {
  readonly inputs: readonly TinyPort[];
  readonly outputs: readonly TinyPort[];
  readonly nodes: readonly TinyNode[];
  readonly weights?: readonly TinyWeights[];
}

/** Encodes a graph of a few nodes as ONNX bytes (opset 17); attributes are integers or lists of them. */
export function tinyOnnx({ inputs, outputs, nodes, weights = [] }: TinyGraph): Uint8Array {
  const graph = message(
    ...nodes.map((node) => field(1, nodeProto(node))),
    field(2, text("tiny")),
    ...weights.map((tensor) => field(5, tensorProto(tensor))),
    ...inputs.map((port) => field(11, valueInfo(port))),
    ...outputs.map((port) => field(12, valueInfo(port))),
  );
  return message(varintField(1, 8), field(7, graph), field(8, message(field(1, text("")), varintField(2, 17))));
}

/** A backbone: uint8 image [N, height, width, 3] through one dense layer and ReLU to a float embedding [N, size]. */
export function tinyBackbone({ height = 2, width = 2, size = 4, seed = 1 } = {}): Uint8Array {
  const pixels = height * width * 3;
  return tinyOnnx({
    inputs: [{ name: "image", dtype: "uint8", shape: ["N", height, width, 3] }],
    outputs: [{ name: "embedding", dtype: "float32", shape: ["N", size] }],
    nodes: [
      { op: "Cast", inputs: ["image"], outputs: ["pixels"], attributes: { to: 1 } },
      { op: "Flatten", inputs: ["pixels"], outputs: ["flat"], attributes: { axis: 1 } },
      { op: "MatMul", inputs: ["flat", "w"], outputs: ["dense"] },
      { op: "Relu", inputs: ["dense"], outputs: ["embedding"] },
    ],
    weights: [{ name: "w", shape: [pixels, size], data: noise(pixels * size, seed, 1 / (128 * pixels)) }],
  });
}

/**
 * A convolutional backbone of the demo's shape: blocks of conv 3×3, ReLU and pooling, global mean, one dense layer.
 * side: pixels, divisible by 2 per block · channels: one block each
 */
export function tinyConvolutions({ side = 32, channels = [32, 64, 128], size = 64, seed = 1 } = {}): Uint8Array {
  const nodes: TinyNode[] = [
    { op: "Transpose", inputs: ["image"], outputs: ["planes"], attributes: { perm: [0, 3, 1, 2] } },
    { op: "Cast", inputs: ["planes"], outputs: ["x0"], attributes: { to: 1 } },
  ];
  const weights: TinyWeights[] = [];
  channels.forEach((width, i) => {
    const shape = [width, channels[i - 1] ?? 3, 3, 3] as const;
    const inputs = shape[1] * 9;
    const scale = (i === 0 ? 1 / 128 : 1) * Math.sqrt(6 / inputs);
    weights.push({ name: `w${i}`, shape, data: noise(width * inputs, seed + i, scale) });
    const conv = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] };
    const pool = { kernel_shape: [2, 2], strides: [2, 2] };
    nodes.push({ op: "Conv", inputs: [`x${i}`, `w${i}`], outputs: [`c${i}`], attributes: conv });
    nodes.push({ op: "Relu", inputs: [`c${i}`], outputs: [`r${i}`] });
    nodes.push({ op: "MaxPool", inputs: [`r${i}`], outputs: [`x${i + 1}`], attributes: pool });
  });
  const last = channels.at(-1) ?? 3;
  weights.push({ name: "dense", shape: [last, size], data: noise(last * size, seed + 99, Math.sqrt(6 / last)) });
  nodes.push({ op: "GlobalAveragePool", inputs: [`x${channels.length}`], outputs: ["mean"] });
  nodes.push({ op: "Flatten", inputs: ["mean"], outputs: ["flat"], attributes: { axis: 1 } });
  nodes.push({ op: "MatMul", inputs: ["flat", "dense"], outputs: ["dot"] });
  nodes.push({ op: "Relu", inputs: ["dot"], outputs: ["embedding"] });
  return tinyOnnx({
    inputs: [{ name: "image", dtype: "uint8", shape: ["N", side, side, 3] }],
    outputs: [{ name: "embedding", dtype: "float32", shape: ["N", size] }],
    nodes,
    weights,
  });
}

/** A head: embedding [N, size] through one dense layer to logits [N, classes] under the head's name. */
export function tinyHead(name: string, { size = 4, classes = 3, seed = 2 } = {}): Uint8Array {
  return tinyOnnx({
    inputs: [{ name: "embedding", dtype: "float32", shape: ["N", size] }],
    outputs: [{ name, dtype: "float32", shape: ["N", classes] }],
    nodes: [{ op: "MatMul", inputs: ["embedding", "w"], outputs: [name] }],
    weights: [{ name: "w", shape: [size, classes], data: noise(size * classes, seed, 4) }],
  });
}

/** A head of the right shape that takes minutes for one answer: squares a large matrix again and again. */
export function tinyStaller(name: string, { size = 4, classes = 3, side = 2500, rounds = 60 } = {}): Uint8Array {
  const nodes: TinyNode[] = [
    { op: "MatMul", inputs: ["embedding", "w"], outputs: ["row"] },
    { op: "Transpose", inputs: ["row"], outputs: ["column"], attributes: { perm: [1, 0] } },
    { op: "MatMul", inputs: ["column", "row"], outputs: ["m0"] },
  ];
  for (let i = 0; i < rounds; i += 1) nodes.push({ op: "MatMul", inputs: [`m${i}`, "m0"], outputs: [`m${i + 1}`] });
  nodes.push({
    op: "ReduceMean",
    inputs: [`m${rounds}`],
    outputs: ["mean"],
    attributes: { axes: [0, 1], keepdims: 1 },
  });
  nodes.push({ op: "MatMul", inputs: ["mean", "out"], outputs: [name] });
  return tinyOnnx({
    inputs: [{ name: "embedding", dtype: "float32", shape: ["N", size] }],
    outputs: [{ name, dtype: "float32", shape: ["N", classes] }],
    nodes,
    weights: [
      { name: "w", shape: [size, side], data: noise(size * side, 3, 0.01) },
      { name: "out", shape: [1, classes], data: noise(classes, 4, 1) },
    ],
  });
}

/** A graph whose cost is its input: multiplies matrices of the asked `size` [rows, columns] `rounds` times. */
export function tinyBurner(rounds = 8): Uint8Array {
  const nodes: TinyNode[] = [{ op: "ConstantOfShape", inputs: ["size"], outputs: ["m0"] }];
  for (let i = 0; i < rounds; i += 1) nodes.push({ op: "MatMul", inputs: [`m${i}`, `m${i}`], outputs: [`m${i + 1}`] });
  return tinyOnnx({
    inputs: [{ name: "size", dtype: "int64", shape: [2] }],
    outputs: [{ name: `m${rounds}`, dtype: "float32", shape: ["R", "C"] }],
    nodes,
  });
}

/** Seeded values in [−scale, scale] (mulberry32). */
export function noise(count: number, seed: number, scale: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return scale * (((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1);
  });
}

function nodeProto({ op, inputs, outputs, attributes = {} }: TinyNode): Uint8Array {
  return message(
    ...inputs.map((name) => field(1, text(name))),
    ...outputs.map((name) => field(2, text(name))),
    field(4, text(op)),
    ...Object.entries(attributes).map(([name, value]) => field(5, attributeProto(name, value))),
  );
}

function attributeProto(name: string, value: number | readonly number[]): Uint8Array {
  if (typeof value === "number") return message(field(1, text(name)), varintField(3, value), varintField(20, 2));
  return message(field(1, text(name)), ...value.map((item) => varintField(8, item)), varintField(20, 7));
}

function tensorProto({ name, shape, data }: TinyWeights): Uint8Array {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return message(...shape.map((dim) => varintField(1, dim)), varintField(2, 1), field(8, text(name)), field(9, raw));
}

function valueInfo({ name, dtype, shape }: TinyPort): Uint8Array {
  const dims = shape.map((dim) => field(1, typeof dim === "number" ? varintField(1, dim) : field(2, text(dim))));
  const tensorType = message(varintField(1, dtypeCodes[dtype]), field(2, message(...dims)));
  return message(field(1, text(name)), field(2, field(1, tensorType)));
}

function message(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function field(number: number, bytes: Uint8Array): Uint8Array {
  return message(varint((number << 3) | 2), varint(bytes.length), bytes);
}

function varintField(number: number, value: number): Uint8Array {
  return message(varint(number << 3), varint(value));
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  return Uint8Array.from([...bytes, rest]);
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}
