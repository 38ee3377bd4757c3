import { CompilerError } from "../errors.ts";
import type { Node } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import { floatTensor } from "../graph/tensor.ts";
import {
  clipGradient,
  eluGradient,
  geluGradient,
  hardSigmoidGradient,
  hardSwishGradient,
  leakyReluGradient,
  logSoftmaxGradient,
  reluGradient,
  sigmoidGradient,
  softmaxGradient,
  softplusGradient,
  tanhGradient,
} from "./activations.ts";
import {
  absGradient,
  addGradient,
  cosGradient,
  divGradient,
  erfGradient,
  expGradient,
  extremeGradient,
  logGradient,
  mulGradient,
  negGradient,
  powGradient,
  reciprocalGradient,
  sinGradient,
  sqrtGradient,
  subGradient,
  sumGradient,
  whereGradient,
} from "./arithmetic.ts";
import { batchNormalizationGradient } from "./batch-normalization.ts";
import { convGradient } from "./conv.ts";
import type { GradientRule } from "./gradient-rule.ts";
import { layerNormalizationGradient } from "./layer-normalization.ts";
import { gemmGradient, matMulGradient } from "./matrices.ts";
import {
  concatGradient,
  expandGradient,
  gatherGradient,
  identityGradient,
  padGradient,
  reshapeGradient,
  sliceGradient,
  splitGradient,
  transposeGradient,
} from "./movement.ts";
import { averagePoolGradient, globalAveragePoolGradient, globalMaxPoolGradient, maxPoolGradient } from "./pooling.ts";
import {
  reduceExtremeGradient,
  reduceL1Gradient,
  reduceL2Gradient,
  reduceLogSumExpGradient,
  reduceLogSumGradient,
  reduceMeanGradient,
  reduceProdGradient,
  reduceSumGradient,
  reduceSumSquareGradient,
} from "./reductions.ts";

/**
 * The gradient rule of every operator that can be trained through; one line adds one. A Dropout is the identity here: in
 * training its mask is a factor that comes in from outside.
 */
export const gradientRules: Readonly<Record<string, GradientRule>> = {
  Abs: absGradient,
  Add: addGradient,
  AveragePool: averagePoolGradient,
  BatchNormalization: batchNormalizationGradient,
  Clip: clipGradient,
  Concat: concatGradient,
  Conv: convGradient,
  Cos: cosGradient,
  Div: divGradient,
  Dropout: identityGradient,
  Elu: eluGradient,
  Erf: erfGradient,
  Exp: expGradient,
  Expand: expandGradient,
  Flatten: reshapeGradient,
  Gather: gatherGradient,
  Gelu: geluGradient,
  Gemm: gemmGradient,
  GlobalAveragePool: globalAveragePoolGradient,
  GlobalMaxPool: globalMaxPoolGradient,
  HardSigmoid: hardSigmoidGradient,
  HardSwish: hardSwishGradient,
  Identity: identityGradient,
  LayerNormalization: layerNormalizationGradient,
  LeakyRelu: leakyReluGradient,
  Log: logGradient,
  LogSoftmax: logSoftmaxGradient,
  MatMul: matMulGradient,
  Max: extremeGradient,
  MaxPool: maxPoolGradient,
  Min: extremeGradient,
  Mul: mulGradient,
  Neg: negGradient,
  Pad: padGradient,
  Pow: powGradient,
  Reciprocal: reciprocalGradient,
  ReduceL1: reduceL1Gradient,
  ReduceL2: reduceL2Gradient,
  ReduceLogSum: reduceLogSumGradient,
  ReduceLogSumExp: reduceLogSumExpGradient,
  ReduceMax: reduceExtremeGradient,
  ReduceMean: reduceMeanGradient,
  ReduceMin: reduceExtremeGradient,
  ReduceProd: reduceProdGradient,
  ReduceSum: reduceSumGradient,
  ReduceSumSquare: reduceSumSquareGradient,
  Relu: reluGradient,
  Reshape: reshapeGradient,
  Sigmoid: sigmoidGradient,
  Sin: sinGradient,
  Slice: sliceGradient,
  Softmax: softmaxGradient,
  Softplus: softplusGradient,
  Split: splitGradient,
  Sqrt: sqrtGradient,
  Squeeze: reshapeGradient,
  Sub: subGradient,
  Sum: sumGradient,
  Tanh: tanhGradient,
  Transpose: transposeGradient,
  Unsqueeze: reshapeGradient,
  Where: whereGradient,
};

/** What to derive: a scalar loss by some values. */
export interface GradientRequest {
  readonly loss: string;
  readonly by: readonly string[];
}

/**
 * Adds the reverse-mode gradient of a scalar to the graph being built; every size must be a number.
 * @returns the gradient's name for each value asked for
 * @throws {CompilerError} `no-gradient-rule` for an operator or a form of it that cannot be derived
 */
export function deriveGradients(builder: GraphBuilder, request: GradientRequest): ReadonlyMap<string, string> {
  const forward = [...builder.nodes];
  const wanted = reachedFrom(forward, request.by);
  const gradients = new Map([[request.loss, seedGradient(builder, request.loss)]]);
  for (const node of forward.reverse()) {
    if (node.outputs.some((output) => gradients.has(output)) && node.inputs.some((input) => wanted.has(input))) {
      deriveNode(builder, node, wanted, gradients);
    }
  }
  return new Map(request.by.map((name) => [name, gradients.get(name) ?? unreached(name, request.loss)]));
}

/** Values that depend on what the gradient is asked by, those included. */
function reachedFrom(nodes: readonly Node[], by: readonly string[]): ReadonlySet<string> {
  const reached = new Set(by);
  for (const node of nodes) {
    if (node.inputs.some((input) => reached.has(input))) for (const output of node.outputs) reached.add(output);
  }
  return reached;
}

function seedGradient(builder: GraphBuilder, loss: string): string {
  const shape = builder.shapeOf(loss);
  if (shape.every((size) => size === 1)) return builder.constant(floatTensor([1], shape));
  throw new CompilerError(
    "invalid-argument",
    `Expected the loss "${loss}" to be one number, but its shape is [${shape}]; reduce it first.`,
  );
}

function deriveNode(
  builder: GraphBuilder,
  node: Node,
  wanted: ReadonlySet<string>,
  gradients: Map<string, string>,
): void {
  const rule = node.domain === "" ? gradientRules[node.op] : undefined;
  if (rule === undefined) throw missingRule(node);
  const results = rule({
    builder,
    node,
    gradientOf: (output) => gradients.get(node.outputs[output] ?? ""),
    wants: (input) => wanted.has(node.inputs[input] ?? ""),
  });
  for (const [index, gradient] of results.entries()) {
    const input = node.inputs[index];
    if (input === undefined || gradient === undefined || !wanted.has(input)) continue;
    const before = gradients.get(input);
    gradients.set(input, before === undefined ? gradient : builder.add("Add", [before, gradient]));
  }
}

function missingRule(node: Node): CompilerError {
  const known = Object.keys(gradientRules).join(", ");
  return new CompilerError(
    "no-gradient-rule",
    `Cannot derive ${node.domain}${node.op} making "${node.outputs[0]}": expected one of ${known}; freeze what lies before it or train with an external program.`,
  );
}

function unreached(name: string, loss: string): never {
  throw new CompilerError(
    "invalid-argument",
    `Expected "${loss}" to depend on "${name}", but it does not; leave it out of what is trained.`,
  );
}
