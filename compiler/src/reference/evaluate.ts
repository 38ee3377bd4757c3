import { CompilerError } from "../errors.ts";
import { type Graph, type Node, typeOf } from "../graph/graph.ts";
import { floatsOf, integersOf, type Tensor } from "../graph/tensor.ts";
import {
  clip,
  each,
  elu,
  erf,
  folded,
  gelu,
  hardSigmoid,
  hardSwish,
  leakyRelu,
  sigmoid,
  where,
} from "./elementwise.ts";
import { gemm, matMul } from "./matrices.ts";
import { concat, expand, gather, pad, reshape, slice, split, transpose } from "./movement.ts";
import type { Reals } from "./reals.ts";
import { batchNormalization, globalPool, layerNormalization, mean, reduced, softmax, sum } from "./reductions.ts";
import type { ReferenceContext, ReferenceOperator } from "./reference-operator.ts";
import { averagePool, conv, maxPool } from "./windows.ts";

/** Every operator that the reference computes; one line adds one. */
const operators: Readonly<Record<string, ReferenceOperator>> = {
  Abs: each(Math.abs),
  Add: folded((left, right) => left + right),
  AveragePool: averagePool,
  BatchNormalization: batchNormalization,
  Clip: clip,
  Concat: concat,
  Conv: conv,
  Cos: each(Math.cos),
  Div: folded((left, right) => left / right),
  Dropout: each((x) => x),
  Elu: elu,
  Erf: each(erf),
  Exp: each(Math.exp),
  Expand: expand,
  Flatten: reshape,
  Gather: gather,
  Gelu: gelu,
  Gemm: gemm,
  GlobalAveragePool: globalPool(mean),
  GlobalMaxPool: globalPool((values) => Math.max(...values)),
  Greater: folded((left, right) => Number(left > right)),
  HardSigmoid: hardSigmoid,
  HardSwish: hardSwish,
  Identity: each((x) => x),
  LayerNormalization: layerNormalization,
  LeakyRelu: leakyRelu,
  Log: each(Math.log),
  LogSoftmax: softmax(true),
  MatMul: matMul,
  Max: folded(Math.max),
  MaxPool: maxPool,
  Min: folded(Math.min),
  Mul: folded((left, right) => left * right),
  Neg: each((x) => -x),
  Pad: pad,
  Pow: folded((base, exponent) => base ** exponent),
  Reciprocal: each((x) => 1 / x),
  ReduceL1: reduced((values) => sum(values.map(Math.abs))),
  ReduceL2: reduced((values) => Math.sqrt(sum(values.map((x) => x * x)))),
  ReduceLogSum: reduced((values) => Math.log(sum(values))),
  ReduceLogSumExp: reduced((values) => Math.log(sum(values.map(Math.exp)))),
  ReduceMax: reduced((values) => Math.max(...values)),
  ReduceMean: reduced(mean),
  ReduceMin: reduced((values) => Math.min(...values)),
  ReduceProd: reduced((values) => values.reduce((left, right) => left * right, 1)),
  ReduceSum: reduced(sum),
  ReduceSumSquare: reduced((values) => sum(values.map((x) => x * x))),
  Relu: each((x) => Math.max(0, x)),
  Reshape: reshape,
  Sigmoid: sigmoid,
  Sin: each(Math.sin),
  Slice: slice,
  Softmax: softmax(false),
  Softplus: each((x) => Math.log1p(Math.exp(x))),
  Split: split,
  Sqrt: each(Math.sqrt),
  Squeeze: reshape,
  Sub: folded((left, right) => left - right),
  Sum: folded((left, right) => left + right),
  Tanh: each(Math.tanh),
  Transpose: transpose,
  Unsqueeze: reshape,
  Where: where,
};

/**
 * Computes a typed graph in float64, operator by operator, in the plainest way: what gradients and passes are compared with.
 * feeds: by input name · returns every value by name
 * @throws {CompilerError} `unsupported-operator` for an operator that the reference does not know
 */
export function evaluate(graph: Graph, feeds: Readonly<Record<string, Reals>>): ReadonlyMap<string, Reals> {
  const values = new Map<string, Reals>(Object.entries(feeds));
  for (const [name, tensor] of graph.initializers) values.set(name, realsOf(tensor));
  for (const node of graph.nodes) {
    const operator = node.domain === "" ? operators[node.op] : undefined;
    if (operator === undefined) throw unknown(node);
    const results = operator(contextOf(graph, node, values));
    for (const [index, output] of node.outputs.entries()) {
      const result = results[index];
      if (output !== "" && result !== undefined) values.set(output, result);
    }
  }
  return values;
}

function contextOf(graph: Graph, node: Node, values: ReadonlyMap<string, Reals>): ReferenceContext {
  const has = (position: number) => (node.inputs[position] ?? "") !== "";
  const input = (position: number) => values.get(node.inputs[position]!)!;
  return {
    node,
    has,
    input,
    integers: (position) => (has(position) ? [...input(position).data] : undefined),
    outputShape: (position = 0) => (typeOf(graph, node.outputs[position]!)!.shape ?? []).map(Number),
  };
}

function realsOf(tensor: Tensor): Reals {
  const numbers = tensor.dtype === "float32" ? floatsOf(tensor) : integersOf(tensor);
  return { shape: tensor.shape, data: Float64Array.from(numbers) };
}

function unknown(node: Node): CompilerError {
  return new CompilerError(
    "unsupported-operator",
    `Cannot evaluate ${node.op} making "${node.outputs[0]}": the reference does not know it; add it to reference/evaluate.ts.`,
  );
}
