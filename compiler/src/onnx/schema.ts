/**
 * The ONNX protobuf schema (onnx.proto, release 1.23) as one table: message → field → [number, type, label].
 * Both the codec and the static types are derived from it; fields that it does not name are kept as unknown bytes.
 */
export const onnxSchema = {
  Model: {
    irVersion: [1, "int64", "one"],
    producerName: [2, "string", "one"],
    producerVersion: [3, "string", "one"],
    domain: [4, "string", "one"],
    modelVersion: [5, "int64", "one"],
    docString: [6, "string", "one"],
    graph: [7, "Graph", "one"],
    opsetImport: [8, "OperatorSetId", "many"],
    metadataProps: [14, "StringStringEntry", "many"],
    trainingInfo: [20, "TrainingInfo", "many"],
    functions: [25, "Function", "many"],
  },
  OperatorSetId: { domain: [1, "string", "one"], version: [2, "int64", "one"] },
  StringStringEntry: { key: [1, "string", "one"], value: [2, "string", "one"] },
  Graph: {
    node: [1, "Node", "many"],
    name: [2, "string", "one"],
    initializer: [5, "Tensor", "many"],
    docString: [10, "string", "one"],
    input: [11, "ValueInfo", "many"],
    output: [12, "ValueInfo", "many"],
    valueInfo: [13, "ValueInfo", "many"],
    quantizationAnnotation: [14, "TensorAnnotation", "many"],
    sparseInitializer: [15, "SparseTensor", "many"],
    metadataProps: [16, "StringStringEntry", "many"],
  },
  Node: {
    input: [1, "string", "many"],
    output: [2, "string", "many"],
    name: [3, "string", "one"],
    opType: [4, "string", "one"],
    attribute: [5, "Attribute", "many"],
    docString: [6, "string", "one"],
    domain: [7, "string", "one"],
    overload: [8, "string", "one"],
    metadataProps: [9, "StringStringEntry", "many"],
  },
  Attribute: {
    name: [1, "string", "one"],
    f: [2, "float", "one"],
    i: [3, "int64", "one"],
    s: [4, "bytes", "one"],
    t: [5, "Tensor", "one"],
    g: [6, "Graph", "one"],
    floats: [7, "float", "many"],
    ints: [8, "int64", "many"],
    strings: [9, "bytes", "many"],
    tensors: [10, "Tensor", "many"],
    graphs: [11, "Graph", "many"],
    docString: [13, "string", "one"],
    tp: [14, "Type", "one"],
    typeProtos: [15, "Type", "many"],
    type: [20, "int32", "one"],
    refAttrName: [21, "string", "one"],
    sparseTensor: [22, "SparseTensor", "one"],
    sparseTensors: [23, "SparseTensor", "many"],
  },
  Tensor: {
    dims: [1, "int64", "many"],
    dataType: [2, "int32", "one"],
    segment: [3, "Segment", "one"],
    floatData: [4, "float", "packed"],
    int32Data: [5, "int32", "packed"],
    stringData: [6, "bytes", "many"],
    int64Data: [7, "int64", "packed"],
    name: [8, "string", "one"],
    rawData: [9, "bytes", "one"],
    doubleData: [10, "double", "packed"],
    uint64Data: [11, "uint64", "packed"],
    docString: [12, "string", "one"],
    externalData: [13, "StringStringEntry", "many"],
    dataLocation: [14, "int32", "one"],
    metadataProps: [16, "StringStringEntry", "many"],
  },
  Segment: { begin: [1, "int64", "one"], end: [2, "int64", "one"] },
  SparseTensor: { values: [1, "Tensor", "one"], indices: [2, "Tensor", "one"], dims: [3, "int64", "many"] },
  ValueInfo: {
    name: [1, "string", "one"],
    type: [2, "Type", "one"],
    docString: [3, "string", "one"],
    metadataProps: [4, "StringStringEntry", "many"],
  },
  Type: {
    tensorType: [1, "TensorType", "one"],
    sequenceType: [4, "ElementType", "one"],
    mapType: [5, "MapType", "one"],
    denotation: [6, "string", "one"],
    opaqueType: [7, "OpaqueType", "one"],
    sparseTensorType: [8, "TensorType", "one"],
    optionalType: [9, "ElementType", "one"],
  },
  TensorType: { elemType: [1, "int32", "one"], shape: [2, "TensorShape", "one"] },
  ElementType: { elemType: [1, "Type", "one"] },
  MapType: { keyType: [1, "int32", "one"], valueType: [2, "Type", "one"] },
  OpaqueType: { domain: [1, "string", "one"], name: [2, "string", "one"] },
  TensorShape: { dim: [1, "Dimension", "many"] },
  Dimension: { dimValue: [1, "int64", "one"], dimParam: [2, "string", "one"], denotation: [3, "string", "one"] },
  TensorAnnotation: {
    tensorName: [1, "string", "one"],
    quantParameterTensorNames: [2, "StringStringEntry", "many"],
  },
  Function: {
    name: [1, "string", "one"],
    input: [4, "string", "many"],
    output: [5, "string", "many"],
    attribute: [6, "string", "many"],
    node: [7, "Node", "many"],
    docString: [8, "string", "one"],
    opsetImport: [9, "OperatorSetId", "many"],
    domain: [10, "string", "one"],
    attributeProto: [11, "Attribute", "many"],
    valueInfo: [12, "ValueInfo", "many"],
    overload: [13, "string", "one"],
    metadataProps: [14, "StringStringEntry", "many"],
  },
  TrainingInfo: {
    initialization: [1, "Graph", "one"],
    algorithm: [2, "Graph", "one"],
    initializationBinding: [3, "StringStringEntry", "many"],
    updateBinding: [4, "StringStringEntry", "many"],
  },
} as const;

/** A 64-bit integer: a number while that is exact, a bigint beyond ±2^53. */
export type Int64 = number | bigint;

type Schema = typeof onnxSchema;

/** The name of a message in the ONNX schema. */
export type MessageName = keyof Schema;

interface Scalars {
  int32: number;
  int64: Int64;
  uint64: Int64;
  float: number;
  double: number;
  string: string;
  bytes: Uint8Array;
}

interface PackedScalars {
  int32: readonly number[];
  int64: readonly Int64[];
  uint64: readonly Int64[];
  float: Float32Array;
  double: Float64Array;
}

type Element<T> = T extends keyof Scalars ? Scalars[T] : T extends MessageName ? Message<T> : never;

type FieldValue<F> = F extends readonly [number, infer T, infer L]
  ? L extends "one"
    ? Element<T>
    : L extends "packed"
      ? T extends keyof PackedScalars
        ? PackedScalars[T]
        : never
      : readonly Element<T>[]
  : never;

/**
 * One decoded protobuf message: a key is present when the field was, so that re-encoding gives the same bytes.
 * `unknownFields` holds fields outside the schema, each with its tag, in the order met.
 */
export type Message<N extends MessageName> = {
  readonly [F in keyof Schema[N]]?: FieldValue<Schema[N][F]>;
} & { readonly unknownFields?: readonly Uint8Array[] };
