/**
 * The part of the TFLite flatbuffer schema (schema.fbs, version 3c) that this room reads and writes, as one table: table →
 * fields in slot order → kind. Slots are append-only, so fields at the end may be left out. `T[]` is a vector, `int32=1` a
 * scalar with a default other than zero, `union` a table whose kind the field before it names.
 */
export const tfliteSchema = {
  Model: {
    version: "uint32",
    operatorCodes: "OperatorCode[]",
    subgraphs: "SubGraph[]",
    description: "string",
    buffers: "Buffer[]",
  },
  OperatorCode: { shortCode: "int8", customCode: "string", version: "int32=1", code: "int32" },
  SubGraph: { tensors: "Tensor[]", inputs: "int32[]", outputs: "int32[]", operators: "Operator[]", name: "string" },
  Buffer: { data: "uint8[]", offset: "uint64", size: "uint64" },
  Tensor: {
    shape: "int32[]",
    type: "int8",
    buffer: "uint32",
    name: "string",
    quantization: "Quantization",
    isVariable: "uint8",
    sparsity: "Sparsity",
    shapeSignature: "int32[]",
  },
  Quantization: {
    min: "float32[]",
    max: "float32[]",
    scale: "float32[]",
    zeroPoint: "int64[]",
    detailsType: "uint8",
    details: "union",
    axis: "int32",
  },
  Sparsity: {},
  Operator: {
    codeIndex: "uint32",
    inputs: "int32[]",
    outputs: "int32[]",
    optionsType: "uint8",
    options: "union",
  },
  Conv2DOptions: {
    padding: "int8",
    strideW: "int32",
    strideH: "int32",
    activation: "int8",
    dilationW: "int32=1",
    dilationH: "int32=1",
  },
  DepthwiseConv2DOptions: {
    padding: "int8",
    strideW: "int32",
    strideH: "int32",
    depthMultiplier: "int32",
    activation: "int8",
    dilationW: "int32=1",
    dilationH: "int32=1",
  },
  Pool2DOptions: {
    padding: "int8",
    strideW: "int32",
    strideH: "int32",
    filterW: "int32",
    filterH: "int32",
    activation: "int8",
  },
  FullyConnectedOptions: { activation: "int8", weightsFormat: "int8", keepNumDims: "uint8" },
  SoftmaxOptions: { beta: "float32" },
  ConcatenationOptions: { axis: "int32", activation: "int8" },
  AddOptions: { activation: "int8" },
  SubOptions: { activation: "int8" },
  MulOptions: { activation: "int8" },
  DivOptions: { activation: "int8" },
  ReshapeOptions: { newShape: "int32[]" },
  PadOptions: {},
  PadV2Options: {},
  ReducerOptions: { keepDims: "uint8" },
  SqueezeOptions: { squeezeDims: "int32[]" },
  ExpandDimsOptions: {},
  TransposeOptions: {},
  LeakyReluOptions: { alpha: "float32" },
  QuantizeOptions: {},
  DequantizeOptions: {},
  HardSwishOptions: {},
  CastOptions: { inType: "int8", outType: "int8" },
  MaximumMinimumOptions: {},
} as const satisfies Record<string, Record<string, string>>;

/** The operators' option tables by their number in the schema's union; others are known by number alone. */
export const optionTables = {
  1: "Conv2DOptions",
  2: "DepthwiseConv2DOptions",
  5: "Pool2DOptions",
  8: "FullyConnectedOptions",
  9: "SoftmaxOptions",
  10: "ConcatenationOptions",
  11: "AddOptions",
  17: "ReshapeOptions",
  21: "MulOptions",
  22: "PadOptions",
  26: "TransposeOptions",
  27: "ReducerOptions",
  28: "SubOptions",
  29: "DivOptions",
  30: "SqueezeOptions",
  37: "CastOptions",
  38: "DequantizeOptions",
  39: "MaximumMinimumOptions",
  43: "PadV2Options",
  52: "ExpandDimsOptions",
  75: "LeakyReluOptions",
  89: "QuantizeOptions",
  91: "HardSwishOptions",
} as const satisfies Readonly<Record<number, TableName>>;

type Schema = typeof tfliteSchema;

/** The name of a table in the schema. */
export type TableName = keyof Schema;

/** The name of a table of operator options. */
export type OptionsName = (typeof optionTables)[keyof typeof optionTables];

interface Vectors {
  int32: readonly number[];
  int64: readonly number[];
  float32: Float32Array;
  uint8: Uint8Array;
}

type FieldValue<K> = K extends "string"
  ? string
  : K extends "union"
    ? { readonly [field: string]: unknown }
    : K extends `${infer E}[]`
      ? E extends keyof Vectors
        ? Vectors[E]
        : E extends TableName
          ? readonly Table<E>[]
          : never
      : K extends TableName
        ? Table<K>
        : number;

/** One table: scalars that are absent hold their default, other fields that are absent are undefined. */
export type Table<N extends TableName> = {
  readonly [F in keyof Schema[N]]?: FieldValue<Schema[N][F]>;
};

/** What a field holds, taken apart from its kind. */
export interface FieldKind {
  readonly element: string;
  readonly isVector: boolean;
  readonly fallback: number;
}

/** Reads a kind such as `int32[]` or `int32=1`. */
export function fieldKind(kind: string): FieldKind {
  const [element, fallback = "0"] = kind.replace("[]", "").split("=") as [string, string?];
  return { element, isVector: kind.endsWith("[]"), fallback: Number(fallback) };
}

/** Bytes of each scalar in a table or vector; everything else is an offset of four. */
export const scalarBytes: Readonly<Record<string, number>> = {
  int8: 1,
  uint8: 1,
  int32: 4,
  uint32: 4,
  float32: 4,
  int64: 8,
  uint64: 8,
};
