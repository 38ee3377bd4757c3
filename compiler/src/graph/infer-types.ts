import type { Graph, Node, ValueType } from "./graph.ts";
import { opsetOf } from "./graph.ts";
import {
  batchNormShape,
  broadcastShape,
  comparisonShape,
  dequantizeShape,
  quantizeShape,
  sameShape,
  whereShape,
} from "./shapes/elementwise-shapes.ts";
import { gemmShape, matMulShape } from "./shapes/matrix-shapes.ts";
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
  Add: broadcastShape,
  AveragePool: poolShape,
  BatchNormalization: batchNormShape,
  Cast: castShape,
  Clip: sameShape,
  Concat: concatShape,
  Constant: constantShape,
  Conv: convShape,
  ConvTranspose: convTransposeShape,
  DequantizeLinear: dequantizeShape,
  Div: broadcastShape,
  Dropout: sameShape,
  Equal: comparisonShape,
  Erf: sameShape,
  Exp: sameShape,
  Expand: expandShape,
  Flatten: flattenShape,
  Gather: gatherShape,
  Gemm: gemmShape,
  GlobalAveragePool: globalPoolShape,
  GlobalMaxPool: globalPoolShape,
  Greater: comparisonShape,
  GreaterOrEqual: comparisonShape,
  HardSigmoid: sameShape,
  HardSwish: sameShape,
  Identity: sameShape,
  LeakyRelu: sameShape,
  Less: comparisonShape,
  Log: sameShape,
  LogSoftmax: sameShape,
  MatMul: matMulShape,
  Max: broadcastShape,
  MaxPool: poolShape,
  Min: broadcastShape,
  Mul: broadcastShape,
  Neg: sameShape,
  Pad: padShape,
  Pow: broadcastShape,
  QuantizeLinear: quantizeShape,
  Reciprocal: sameShape,
  ReduceMax: reduceShape,
  ReduceMean: reduceShape,
  ReduceMin: reduceShape,
  ReduceSum: reduceShape,
  ReduceSumSquare: reduceShape,
  Relu: sameShape,
  Reshape: reshapeShape,
  Resize: resizeShape,
  Sigmoid: sameShape,
  Sign: sameShape,
  Slice: sliceShape,
  Softmax: sameShape,
  Split: splitShape,
  Sqrt: sameShape,
  Squeeze: squeezeShape,
  Sub: broadcastShape,
  Sum: broadcastShape,
  Tanh: sameShape,
  Transpose: transposeShape,
  Unsqueeze: unsqueezeShape,
  Where: whereShape,
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
  return rule({ node, inputs: node.inputs.map((name) => (name === "" ? undefined : typeOf(name))), opset, constant });
}

/**
 * Fills `types` with the type of every value that can be known, and completes the outputs' shapes.
 * @throws {CompilerError} `shape-mismatch`
 */
export function inferTypes(graph: Graph): Graph {
  const types = new Map<string, ValueType>(graph.inputs.map((input) => [input.name, input]));
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
      const type = inferred[index] ?? graph.types.get(output);
      if (type !== undefined) types.set(output, type);
    }
  }
  return {
    ...graph,
    types: intermediate(graph, types),
    outputs: graph.outputs.map((one) => ({ ...one, ...outputType(one, types) })),
  };
}

function outputType(output: ValueType & { readonly name: string }, types: ReadonlyMap<string, ValueType>): ValueType {
  const known = types.get(output.name);
  return known === undefined
    ? { dtype: output.dtype, shape: output.shape }
    : { dtype: known.dtype, shape: known.shape };
}

function intermediate(graph: Graph, types: ReadonlyMap<string, ValueType>): ReadonlyMap<string, ValueType> {
  const border = new Set([...graph.inputs, ...graph.outputs].map((value) => value.name));
  return new Map([...types].filter(([name]) => !border.has(name) && !graph.initializers.has(name)));
}
