import { CompilerError } from "../../errors.ts";
import { type Graph, intAttribute, type Node, typeOf, type Value } from "../../graph/graph.ts";
import { inferTypes } from "../../graph/infer-types.ts";
import type { QuantPlan } from "../../quantize/quant-plan.ts";
import { serializeTflite } from "../serialize-tflite.ts";
import { tfliteTypeOf } from "../tensor-types.ts";
import { exportBinary, exportClip, exportLeakyRelu, exportSoftmax, exportUnary, formOf } from "./elementwise.ts";
import { Exporter, type ExportRule } from "./exporter.ts";
import { exportGemm, exportMatMul } from "./matrices.ts";
import { exportConcat, exportMean, exportPad, exportReshape, exportTranspose } from "./movement.ts";
import { TfliteBuilder } from "./tflite-builder.ts";
import { exportAveragePool, exportConv, exportGlobalMaxPool, exportMaxPool } from "./windows.ts";

const toFloat = 1;

/** Cast of integers to floats. */
const exportCast: ExportRule = (exporter, node) => {
  const value = node.inputs[0]!;
  if (intAttribute(node, "to", 0) !== toFloat || !exporter.isStored(value))
    throw exporter.unsupported(node, "it casts to other than float32");
  const form = formOf(exporter, value);
  const inType = tfliteTypeOf(typeOf(exporter.graph, value)!.dtype)!;
  const made = { value: node.outputs[0]!, kind: "real", form } as const;
  exporter.make("CAST", [exporter.read(value, "stored", form)], made, { kind: "CastOptions", inType, outType: 0 });
};

/** Every operator that can be written, one line each. */
const rules: Readonly<Record<string, ExportRule>> = {
  Abs: exportUnary("ABS"),
  Add: exportBinary("ADD", "AddOptions"),
  AveragePool: exportAveragePool,
  Cast: exportCast,
  Clip: exportClip,
  Concat: exportConcat,
  Conv: exportConv,
  Div: exportBinary("DIV", "DivOptions"),
  Dropout: exportReshape,
  Exp: exportUnary("EXP"),
  Flatten: exportReshape,
  Gemm: exportGemm,
  GlobalAveragePool: exportMean,
  GlobalMaxPool: exportGlobalMaxPool,
  HardSwish: exportUnary("HARD_SWISH", () => ({ kind: "HardSwishOptions" })),
  Identity: exportReshape,
  LeakyRelu: exportLeakyRelu,
  Log: exportUnary("LOG"),
  LogSoftmax: exportSoftmax("LOG_SOFTMAX"),
  MatMul: exportMatMul,
  Max: exportBinary("MAXIMUM", "MaximumMinimumOptions"),
  MaxPool: exportMaxPool,
  Min: exportBinary("MINIMUM", "MaximumMinimumOptions"),
  Mul: exportBinary("MUL", "MulOptions"),
  Neg: exportUnary("NEG"),
  Pad: exportPad,
  ReduceMean: exportMean,
  Relu: exportUnary("RELU"),
  Reshape: exportReshape,
  Sigmoid: exportUnary("LOGISTIC"),
  Softmax: exportSoftmax("SOFTMAX"),
  Sqrt: exportUnary("SQRT"),
  Squeeze: exportReshape,
  Sub: exportBinary("SUB", "SubOptions"),
  Tanh: exportUnary("TANH"),
  Transpose: exportTranspose,
  Unsqueeze: exportReshape,
};

/** The ONNX operators that can be written, by name. */
export const writtenOperators: readonly string[] = Object.keys(rules);

/**
 * Writes a graph as a TFLite file: pixels [N, H, W, C] inside, activations fused, int8 where the plan says so. Inputs and
 * outputs keep names, types and axis order; an open batch stays open, with room for one at first.
 * plan: from `planForTflite`, or an empty one for floats throughout
 * @throws {CompilerError} `unsupported-operator` naming operator and value, `shape-mismatch` for sizes that are open
 */
export function exportTflite(graph: Graph, plan: QuantPlan = new Map()): Uint8Array {
  const typed = inferTypes(graph);
  const builder = new TfliteBuilder();
  const exporter = new Exporter(typed, plan, builder);
  const inputs = typed.inputs.map((input) => addInput(exporter, input));
  const fused = new Set(exporter.fused.values());
  for (const node of typed.nodes) {
    if (fused.has(node) || node.outputs.every((output) => exporter.isBytes(output))) continue;
    ruleOf(exporter, node)(exporter, node);
  }
  const outputs = typed.outputs.map((output) => addOutput(exporter, output, inputs));
  return serializeTflite(builder.build(typed.name, inputs, outputs));
}

function ruleOf(exporter: Exporter, node: Node): ExportRule {
  const rule = node.domain === "" ? rules[node.op] : undefined;
  if (rule === undefined) throw exporter.unsupported(node, "this compiler has no rule for it");
  if (node.outputs.slice(1).some((output) => output !== ""))
    throw exporter.unsupported(node, `it makes ${node.outputs.length} values`);
  return rule;
}

function addInput(exporter: Exporter, { name, dtype, shape }: Value): number {
  if (dtype !== "float32" && dtype !== "uint8" && dtype !== "int8") {
    throw new CompilerError(
      "unsupported-operator",
      `Cannot write input "${name}" as TFLite: expected float32 or bytes, found ${dtype}; cast before the model.`,
    );
  }
  const sizes = exporter.shapeOf(name);
  const place = exporter.builder.tensor({ name, type: dtype, shape: sizes, ...signatureOf(shape, sizes) });
  exporter.set(name, dtype === "float32" ? "real" : "stored", "plain", place);
  return place;
}

function addOutput(exporter: Exporter, { name, shape }: Value, inputs: readonly number[]): number {
  const kind = exporter.isStored(name) ? "stored" : "real";
  const place = exporter.read(name, kind, "plain");
  const sizes = exporter.shapeOf(name);
  const isTaken = inputs.includes(place) || exporter.builder.tensorAt(place).name !== "";
  const own = isTaken ? exporter.reshaped(place, sizes) : place;
  exporter.builder.rename(own, name, signatureOf(shape, sizes).signature);
  return own;
}

function signatureOf(shape: Value["shape"], sizes: readonly number[]): { readonly signature?: readonly number[] } {
  return typeof shape?.[0] === "string" ? { signature: [-1, ...sizes.slice(1)] } : {};
}
