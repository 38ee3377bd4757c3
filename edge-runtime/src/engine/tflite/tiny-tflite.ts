import { noise } from "../tiny-onnx.ts";

// Hand-written TensorFlow Lite bytes for tests: just enough FlatBuffers (schema.fbs, version 3) for graphs of a few nodes.

const dtypeCodes = { float32: 0, int32: 2, uint8: 3, int8: 9 } as const;

/** A tensor of a tiny graph; the first dimension of a tensor without data may be left free. */
export interface TinyTensor {
  readonly name: string;
  readonly dtype: keyof typeof dtypeCodes;
  readonly shape: readonly number[];
  readonly data?: Float32Array | Int32Array | Int8Array;
  readonly scale?: number;
  readonly zeroPoint?: number;
}

const operators = {
  cast: { code: 53, options: 37, version: 1 },
  dense: { code: 9, options: 8, version: 4 },
  reshape: { code: 22, options: 17, version: 1 },
} as const;

/** A node of a tiny graph: tensors by name. */
export interface TinyOperator {
  readonly op: keyof typeof operators;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly relu?: boolean;
}

interface TinyFile {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly tensors: readonly TinyTensor[];
  readonly operators: readonly TinyOperator[];
  readonly isFree?: boolean;
}

/** Encodes a graph of a few nodes as a TensorFlow Lite file. */
export function tinyTflite({ inputs, outputs, tensors, operators: nodes, isFree = true }: TinyFile): Uint8Array {
  const indexOf = (name: string) => tensors.findIndex((tensor) => tensor.name === name);
  const codes = [...new Set(nodes.map(({ op }) => op))];
  const tensorTables = tensors.map((tensor, index) => tensorTable(tensor, index, isFree));
  const operatorTables = nodes.map(({ op, inputs: from, output, relu = false }) =>
    table({
      0: uint32(codes.indexOf(op)),
      1: int32s(from.map(indexOf)),
      2: int32s([indexOf(output)]),
      3: byte(operators[op].options),
      4: table(op === "dense" ? { 0: byte(relu ? 1 : 0) } : {}),
    }),
  );
  const graph = table({
    0: tables(tensorTables),
    1: int32s(inputs.map(indexOf)),
    2: int32s(outputs.map(indexOf)),
    3: tables(operatorTables),
  });
  const buffers = [table({}), ...tensors.map(({ data }) => table(data === undefined ? {} : { 0: raw(data) }))];
  return file(
    table({
      0: uint32(3),
      1: tables(
        codes.map((op) =>
          table({ 0: byte(operators[op].code), 2: uint32(operators[op].version), 3: uint32(operators[op].code) }),
        ),
      ),
      2: tables([graph]),
      4: tables(buffers),
    }),
  );
}

function tensorTable({ name, dtype, shape, data, scale, zeroPoint = 0 }: TinyTensor, index: number, isFree: boolean) {
  const fields: Record<number, Node> = {
    0: int32s(shape),
    1: byte(dtypeCodes[dtype]),
    2: uint32(data === undefined ? 0 : index + 1),
    3: text(name),
  };
  if (scale !== undefined) fields[4] = table({ 2: float32s([scale]), 3: int64s([zeroPoint]) });
  if (isFree && data === undefined) fields[7] = int32s([-1, ...shape.slice(1)]);
  return table(fields);
}

/** The backbone of {@link tinyBackbone} as a float TensorFlow Lite file: the same weights, the same answers. */
export function tinyTfliteBackbone({ size = 4, seed = 1 } = {}): Uint8Array {
  const pixels = 12;
  return tinyTflite({
    inputs: ["image"],
    outputs: ["embedding"],
    tensors: [
      { name: "image", dtype: "uint8", shape: [1, 2, 2, 3] },
      { name: "pixels", dtype: "float32", shape: [1, 2, 2, 3] },
      weights(noise(pixels * size, seed, 1 / (128 * pixels)), pixels, size),
      { name: "embedding", dtype: "float32", shape: [1, size] },
    ],
    operators: [
      { op: "cast", inputs: ["image"], output: "pixels" },
      { op: "dense", inputs: ["pixels", "w"], output: "embedding", relu: true },
    ],
  });
}

/** A head of {@link tinyHead} as a float TensorFlow Lite file. */
export function tinyTfliteHead(name: string, { size = 4, classes = 3, seed = 2 } = {}): Uint8Array {
  return tinyTflite({
    inputs: ["embedding"],
    outputs: [name],
    tensors: [
      { name: "embedding", dtype: "float32", shape: [1, size] },
      weights(noise(size * classes, seed, 4), size, classes),
      { name, dtype: "float32", shape: [1, classes] },
    ],
    operators: [{ op: "dense", inputs: ["embedding", "w"], output: name }],
  });
}

/** One dense layer in integers: input, weights and output by the scales and zero points given. */
export function tinyTfliteDense(options: {
  readonly input: TinyTensor;
  readonly output: TinyTensor;
  /** [inputs, outputs], row-major. */
  readonly weights: Int8Array;
  readonly weightScale: number;
  readonly bias: Int32Array;
  readonly relu?: boolean;
}): Uint8Array {
  const { input, output, weightScale } = options;
  const [inputs, outputs] = [options.weights.length / options.bias.length, options.bias.length];
  return tinyTflite({
    inputs: [input.name],
    outputs: [output.name],
    tensors: [
      input,
      {
        name: "w",
        dtype: "int8",
        shape: [outputs, inputs],
        data: transposed(options.weights, inputs, outputs),
        scale: weightScale,
      },
      {
        name: "b",
        dtype: "int32",
        shape: [outputs],
        data: options.bias,
        scale: (input.scale ?? 1) * weightScale,
      },
      output,
    ],
    operators: [{ op: "dense", inputs: [input.name, "w", "b"], output: output.name, relu: options.relu ?? false }],
  });
}

/** A graph that gives back its whole numbers [N]. */
export function tinyTfliteIdentity(): Uint8Array {
  return tinyTflite({
    inputs: ["x"],
    outputs: ["y"],
    tensors: [
      { name: "x", dtype: "int32", shape: [1] },
      { name: "shape", dtype: "int32", shape: [1], data: Int32Array.of(1) },
      { name: "y", dtype: "int32", shape: [1] },
    ],
    operators: [{ op: "reshape", inputs: ["x", "shape"], output: "y" }],
  });
}

/** TensorFlow Lite keeps a dense layer's weights as [outputs, inputs]. */
function weights(data: Float32Array, inputs: number, outputs: number): TinyTensor {
  return { name: "w", dtype: "float32", shape: [outputs, inputs], data: transposed(data, inputs, outputs) };
}

function transposed<T extends Float32Array | Int8Array>(data: T, rows: number, columns: number): T {
  const turned = data.slice() as T;
  for (let row = 0; row < rows; row += 1)
    for (let column = 0; column < columns; column += 1)
      turned[column * rows + row] = data[row * columns + column] as number;
  return turned;
}

// A FlatBuffer is written forwards: a table with holes for its offsets, then what the holes point to.

/** What a field holds: its own bytes, or something written later that it points to. */
type Node = { readonly inline: Buffer } | { readonly write: (out: Writer) => number };

class Writer {
  bytes = Buffer.alloc(0);

  put(part: Uint8Array): number {
    const at = this.bytes.length;
    this.bytes = Buffer.concat([this.bytes, part]);
    return at;
  }

  /** Pads until the place `ahead` bytes from here is a multiple of `to`. */
  align(to: number, ahead = 0): void {
    while ((this.bytes.length + ahead) % to !== 0) this.put(Uint8Array.of(0));
  }

  point(hole: number, node: Node): void {
    const at = "write" in node ? node.write(this) : this.put(node.inline);
    this.bytes.writeUInt32LE(at - hole, hole);
  }
}

function file(root: Node): Uint8Array {
  const out = new Writer();
  out.put(Buffer.from("\0\0\0\0TFL3", "latin1"));
  out.point(0, root);
  return new Uint8Array(out.bytes);
}

function table(fields: Readonly<Record<number, Node>>): Node {
  const entries = Object.entries(fields).map(([id, node]) => ({ id: Number(id), node }));
  const slots = Math.max(-1, ...entries.map(({ id }) => id)) + 1;
  return {
    write(out) {
      const vtableBytes = 4 + slots * 2;
      out.align(4, vtableBytes);
      const vtable = Buffer.alloc(vtableBytes);
      vtable.writeUInt16LE(vtableBytes, 0);
      vtable.writeUInt16LE(4 + entries.length * 4, 2);
      entries.forEach(({ id }, index) => {
        vtable.writeUInt16LE(4 + index * 4, 4 + id * 2);
      });
      const start = out.put(vtable);
      const body = Buffer.alloc(4 + entries.length * 4);
      body.writeInt32LE(vtableBytes, 0);
      entries.forEach(({ node }, index) => {
        if ("inline" in node) node.inline.copy(body, 4 + index * 4);
      });
      const at = out.put(body);
      if (at - start !== vtableBytes) throw new Error("a table lies right behind its vtable");
      entries.forEach(({ node }, index) => {
        if ("write" in node) out.point(at + 4 + index * 4, node);
      });
      return at;
    },
  };
}

function tables(items: readonly Node[]): Node {
  return {
    write(out) {
      out.align(4);
      const length = Buffer.alloc(4 + items.length * 4);
      length.writeUInt32LE(items.length);
      const at = out.put(length);
      items.forEach((item, index) => {
        out.point(at + 4 + index * 4, item);
      });
      return at;
    },
  };
}

/** A list of plain values; what a kernel reads in place must lie on a multiple of 16. */
function raw(data: Float32Array | Int32Array | Int8Array, count = data.byteLength, alignment = 16): Node {
  return {
    write(out) {
      out.align(alignment, 4);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(count);
      const at = out.put(length);
      out.put(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      return at;
    },
  };
}

const int32s = (values: readonly number[]) => raw(Int32Array.from(values), values.length, 4);
const float32s = (values: readonly number[]) => raw(Float32Array.from(values), values.length, 4);

function int64s(values: readonly number[]): Node {
  const pairs = values.flatMap((value) => [value | 0, value < 0 ? -1 : 0]);
  return raw(Int32Array.from(pairs), values.length, 8);
}

function text(value: string): Node {
  const bytes = Buffer.from(`${value}\0`, "utf8");
  return raw(new Int8Array(bytes), bytes.length - 1, 4);
}

function byte(value: number): Node {
  return { inline: Buffer.from([value]) };
}

function uint32(value: number): Node {
  const inline = Buffer.alloc(4);
  inline.writeUInt32LE(value);
  return { inline };
}
