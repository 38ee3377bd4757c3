import type { Graph, Node, Value, ValueType } from "./graph.ts";
import { opsetOf } from "./graph.ts";
import {
  batchNormShape,
  broadcastShape,
  castLikeShape,
  comparisonShape,
  dequantizeShape,
  dropoutShape,
  dynamicQuantizeShape,
  layerNormShape,
  quantizeShape,
  sameShape,
  testShape,
  whereShape,
} from "./shapes/elementwise-shapes.ts";
import {
  argShape,
  constantOfShapeShape,
  depthToSpaceShape,
  eyeLikeShape,
  gatherElementsShape,
  gatherNdShape,
  nonZeroShape,
  oneHotShape,
  rangeShape,
  shapeShape,
  sizeShape,
  spaceToDepthShape,
  tileShape,
  topKShape,
} from "./shapes/indexing-shapes.ts";
import { gemmShape, matMulIntegerShape, matMulShape, recurrentShape } from "./shapes/matrix-shapes.ts";
import {
  castShape,
  concatShape,
  constantShape,
  expandShape,
  flattenShape,
  gatherShape,
  padShape,
  reduceShape,
  reshapeShape,
  resizeShape,
  sliceShape,
  splitShape,
  squeezeShape,
  transposeShape,
  unsqueezeShape,
} from "./shapes/movement-shapes.ts";
import type { ShapeRule } from "./shapes/shape-rule.ts";
import { convShape, convTransposeShape, globalPoolShape, poolShape } from "./shapes/window-shapes.ts";
import type { Tensor } from "./tensor.ts";

/** The shape rule of every operator whose outputs can be typed; one line adds one. */
const shapeRules: Readonly<Record<string, ShapeRule>> = {
  Abs: sameShape,
  Acos: sameShape,
  Acosh: sameShape,
  Add: broadcastShape,
  And: comparisonShape,
  ArgMax: argShape,
  ArgMin: argShape,
  Asin: sameShape,
  Asinh: sameShape,
  Atan: sameShape,
  Atanh: sameShape,
  AveragePool: poolShape,
  BatchNormalization: batchNormShape,
  BitShift: broadcastShape,
  BitwiseAnd: broadcastShape,
  BitwiseNot: sameShape,
  BitwiseOr: broadcastShape,
  BitwiseXor: broadcastShape,
  Cast: castShape,
  CastLike: castLikeShape,
  Ceil: sameShape,
  Celu: sameShape,
  Clip: sameShape,
  Concat: concatShape,
  Constant: constantShape,
  ConstantOfShape: constantOfShapeShape,
  Conv: convShape,
  ConvTranspose: convTransposeShape,
  Cos: sameShape,
  Cosh: sameShape,
  CumSum: sameShape,
  DepthToSpace: depthToSpaceShape,
  DequantizeLinear: dequantizeShape,
  Div: broadcastShape,
  Dropout: dropoutShape,
  DynamicQuantizeLinear: dynamicQuantizeShape,
  Elu: sameShape,
  Equal: comparisonShape,
  Erf: sameShape,
  Exp: sameShape,
  Expand: expandShape,
  EyeLike: eyeLikeShape,
  Flatten: flattenShape,
  Floor: sameShape,
  Gather: gatherShape,
  GatherElements: gatherElementsShape,
  GatherND: gatherNdShape,
  Gelu: sameShape,
  Gemm: gemmShape,
  GlobalAveragePool: globalPoolShape,
  GlobalLpPool: globalPoolShape,
  GlobalMaxPool: globalPoolShape,
  Greater: comparisonShape,
  GreaterOrEqual: comparisonShape,
  GroupNormalization: sameShape,
  GRU: recurrentShape,
  Hardmax: sameShape,
  HardSigmoid: sameShape,
  HardSwish: sameShape,
  Identity: sameShape,
  InstanceNormalization: sameShape,
  IsInf: testShape,
  IsNaN: testShape,
  LayerNormalization: layerNormShape,
  LeakyRelu: sameShape,
  Less: comparisonShape,
  LessOrEqual: comparisonShape,
  Log: sameShape,
  LogSoftmax: sameShape,
  LpNormalization: sameShape,
  LpPool: poolShape,
  LRN: sameShape,
  LSTM: recurrentShape,
  MatMul: matMulShape,
  MatMulInteger: matMulIntegerShape,
  Max: broadcastShape,
  MaxPool: poolShape,
  Mean: broadcastShape,
  MeanVarianceNormalization: sameShape,
  Min: broadcastShape,
  Mish: sameShape,
  Mod: broadcastShape,
  Mul: broadcastShape,
  Neg: sameShape,
  NonZero: nonZeroShape,
  Not: sameShape,
  OneHot: oneHotShape,
  Or: comparisonShape,
  Pad: padShape,
  Pow: broadcastShape,
  PRelu: sameShape,
  QuantizeLinear: quantizeShape,
  Range: rangeShape,
  Reciprocal: sameShape,
  ReduceL1: reduceShape,
  ReduceL2: reduceShape,
  ReduceLogSum: reduceShape,
  ReduceLogSumExp: reduceShape,
  ReduceMax: reduceShape,
  ReduceMean: reduceShape,
  ReduceMin: reduceShape,
  ReduceProd: reduceShape,
  ReduceSum: reduceShape,
  ReduceSumSquare: reduceShape,
  Relu: sameShape,
  Reshape: reshapeShape,
  Resize: resizeShape,
  ReverseSequence: sameShape,
  RNN: recurrentShape,
  Round: sameShape,
  Scatter: sameShape,
  ScatterElements: sameShape,
  ScatterND: sameShape,
  Selu: sameShape,
  Shape: shapeShape,
  Shrink: sameShape,
  Sigmoid: sameShape,
  Sign: sameShape,
  Sin: sameShape,
  Sinh: sameShape,
  Size: sizeShape,
  Slice: sliceShape,
  Softmax: sameShape,
  Softplus: sameShape,
  Softsign: sameShape,
  SpaceToDepth: spaceToDepthShape,
  Split: splitShape,
  Sqrt: sameShape,
  Squeeze: squeezeShape,
  Sub: broadcastShape,
  Sum: broadcastShape,
  Swish: sameShape,
  Tan: sameShape,
  Tanh: sameShape,
  ThresholdedRelu: sameShape,
  Tile: tileShape,
  TopK: topKShape,
  Transpose: transposeShape,
  Trilu: sameShape,
  Unsqueeze: unsqueezeShape,
  Where: whereShape,
  Xor: comparisonShape,
};

/**
 * Types one node's outputs from what is known of its inputs; undefined where the operator has no rule.
 * @throws {CompilerError} `shape-mismatch` when the inputs cannot belong together
 */
export function inferNode(
  node: Node,
  typeOf: (name: string) => ValueType | undefined,
  constantOf: (name: string) => Tensor | undefined,
  opset: number,
): readonly (ValueType | undefined)[] {
  const rule = node.domain === "" ? shapeRules[node.op] : undefined;
  if (rule === undefined) return [];
  const constant = (index: number) => {
    const name = node.inputs[index];
    return name === undefined || name === "" ? undefined : constantOf(name);
  };
  const inputs = node.inputs.map((name) => (name === "" ? undefined : typeOf(name)));
  return rule({ node, inputs, opset, constant }).map(withPossibleShape);
}

/** A size that no tensor has comes of a node that the engine will refuse: nothing is known of it. */
function withPossibleShape(type: ValueType | undefined): ValueType | undefined {
  const isPossible = type?.shape?.every(
    (size) => typeof size === "string" || (Number.isSafeInteger(size) && size >= 0),
  );
  return isPossible === false ? { dtype: type!.dtype, shape: undefined } : type;
}

/**
 * Fills `types` with the type of every value that can be known, and completes the outputs' shapes.
 * @throws {CompilerError} `shape-mismatch`
 */
export function inferTypes(graph: Graph): Graph {
  const tensors = graph.inputs.filter(({ proto }) => proto === undefined);
  const types = new Map<string, ValueType>(tensors.map((input) => [input.name, input]));
  const constants = new Map(graph.initializers);
  for (const [name, tensor] of graph.initializers) types.set(name, { dtype: tensor.dtype, shape: tensor.shape });
  for (const node of graph.nodes) {
    const value = node.op === "Constant" ? node.attributes.value : undefined;
    if (value?.kind === "tensor") constants.set(node.outputs[0]!, value.value);
    const inferred = inferNode(
      node,
      (name) => types.get(name),
      (name) => constants.get(name),
      opsetOf(graph),
    );
    for (const [index, output] of node.outputs.entries()) {
      const type = refined(inferred[index], graph.types.get(output));
      if (output !== "" && type !== undefined) types.set(output, type);
    }
  }
  return {
    ...graph,
    types: intermediate(graph, types),
    outputs: graph.outputs.map((one) => ({ ...one, ...outputType(one, types) })),
  };
}

function outputType(output: Value, types: ReadonlyMap<string, ValueType>): ValueType {
  const { dtype, shape } = output.proto === undefined ? (refined(types.get(output.name), output) ?? output) : output;
  return { dtype, shape };
}

/** What inference found, with declared sizes where it found only symbols. */
function refined(inferred: ValueType | undefined, declared: ValueType | undefined): ValueType | undefined {
  if (inferred === undefined || declared === undefined) return inferred ?? declared;
  const { dtype, shape = declared.shape } = inferred;
  if (shape?.length !== declared.shape?.length) return { dtype, shape };
  return {
    dtype,
    shape: shape?.map((size, axis) => {
      const named = declared.shape?.[axis];
      return typeof size === "string" && typeof named === "number" ? named : size;
    }),
  };
}

function intermediate(graph: Graph, types: ReadonlyMap<string, ValueType>): ReadonlyMap<string, ValueType> {
  const border = new Set([...graph.inputs, ...graph.outputs].map((value) => value.name));
  return new Map([...types].filter(([name]) => !border.has(name) && !graph.initializers.has(name)));
}
