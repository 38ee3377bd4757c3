import { CompilerError } from "../../errors.ts";
import type { DataType } from "../../graph/data-type.ts";
import { elementCount } from "../../graph/tensor.ts";
import type { TfliteModel, TfliteTensor } from "../tflite-model.ts";
import { convolution, depthwiseConvolution } from "./convolution.ts";
import {
  add,
  cast,
  dequantize,
  divide,
  hardSwish,
  leakyRelu,
  logistic,
  maximum,
  minimum,
  multiply,
  quantize,
  relu,
  relu6,
  reluN1To1,
  subtract,
  tanh,
} from "./elementwise.ts";
import { fullyConnected } from "./fully-connected.ts";
import type { Elements, Kernel, Operand } from "./kernel.ts";
import { concatenation, pad, reshape, transpose } from "./movement.ts";
import { averagePool, maxPool } from "./pooling.ts";
import { mean, softmax } from "./reduction.ts";

/** Every operator that the reference runs, one line each. */
const kernels: Readonly<Record<string, Kernel>> = {
  ADD: add,
  AVERAGE_POOL_2D: averagePool,
  CAST: cast,
  CONCATENATION: concatenation,
  CONV_2D: convolution,
  DEPTHWISE_CONV_2D: depthwiseConvolution,
  DEQUANTIZE: dequantize,
  DIV: divide,
  EXPAND_DIMS: reshape,
  FULLY_CONNECTED: fullyConnected,
  HARD_SWISH: hardSwish,
  LEAKY_RELU: leakyRelu,
  LOGISTIC: logistic,
  MAXIMUM: maximum,
  MAX_POOL_2D: maxPool,
  MEAN: mean,
  MINIMUM: minimum,
  MUL: multiply,
  PAD: pad,
  PADV2: pad,
  QUANTIZE: quantize,
  RELU: relu,
  RELU6: relu6,
  RELU_N1_TO_1: reluN1To1,
  RESHAPE: reshape,
  SOFTMAX: softmax,
  SQUEEZE: reshape,
  SUB: subtract,
  TANH: tanh,
  TRANSPOSE: transpose,
};

/** The elements of constants, which every run of a model reads again. */
const constants = new WeakMap<TfliteTensor, Elements>();

/**
 * Runs a model on one input with plain loops and TFLite's own integer arithmetic: what faster engines are judged against.
 * inputs: elements by tensor name, in the tensors' shapes · returns the elements of every tensor by its place in the model
 * @throws {CompilerError} `unsupported-operator`, `malformed-model`, `invalid-argument` for inputs that do not fit
 */
export function runReference(
  model: TfliteModel,
  inputs: Readonly<Record<string, Elements>>,
): ReadonlyMap<number, Elements> {
  const values = new Map<number, Elements>();
  for (const place of model.inputs) values.set(place, givenInput(model.tensors[place]!, inputs));
  const operand = (place: number): Operand => {
    const tensor = model.tensors[place]!;
    const data = values.get(place) ?? (tensor.data === undefined ? emptied(tensor) : constant(tensor, tensor.data));
    values.set(place, data);
    return { tensor, data };
  };
  for (const operator of model.operators) {
    const kernel = kernels[operator.op];
    if (kernel === undefined) throw noKernel(operator.op, model.tensors[operator.outputs[0] ?? -1]?.name);
    kernel({
      operator,
      inputs: operator.inputs.map((place) => (place === -1 ? undefined : operand(place))),
      outputs: operator.outputs.map(operand),
    });
  }
  return values;
}

function givenInput({ name, type, shape }: TfliteTensor, inputs: Readonly<Record<string, Elements>>): Elements {
  const given = inputs[name];
  if (given instanceof arrays(name, type) && given.length === elementCount(shape)) return given;
  throw new CompilerError(
    "invalid-argument",
    `Expected input "${name}" as ${type} [${shape}], found ${given?.constructor.name ?? "nothing"} of ${given?.length ?? 0}.`,
  );
}

function emptied({ name, type, shape }: TfliteTensor): Elements {
  return new (arrays(name, type))(elementCount(shape));
}

function constant(tensor: TfliteTensor, data: Uint8Array): Elements {
  const known = constants.get(tensor) ?? new (arrays(tensor.name, tensor.type))(data.slice().buffer);
  constants.set(tensor, known);
  return known;
}

function arrays(name: string, type: DataType) {
  switch (type) {
    case "float32":
      return Float32Array;
    case "int8":
      return Int8Array;
    case "uint8":
      return Uint8Array;
    case "int32":
      return Int32Array;
    default:
      throw new CompilerError(
        "unsupported-operator",
        `Cannot run on tensor "${name}": the reference has no kernels for ${type}; convert to int8 or float32.`,
      );
  }
}

function noKernel(op: string, tensor = "nothing"): CompilerError {
  const known = Object.keys(kernels).join(", ");
  return new CompilerError(
    "unsupported-operator",
    `Cannot run ${op} making "${tensor}": the reference has kernels for ${known} only.`,
  );
}
