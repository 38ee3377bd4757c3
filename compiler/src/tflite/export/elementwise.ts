import { floatAttribute, intAttribute, type Node, opsetOf } from "../../graph/graph.ts";
import { floatsOf, floatTensor, type Tensor } from "../../graph/tensor.ts";
import type { OptionsName } from "../flatbuffer/schema.ts";
import type { TfliteOptions } from "../tflite-model.ts";
import { transposedTensor } from "../transposed-tensor.ts";
import type { Exporter, ExportRule, Form, Kind } from "./exporter.ts";
import { activationOf, clipRange } from "./fused-activation.ts";

/** An operator that treats each element alone, in whatever form its input exists. */
export function exportUnary(op: string, options: (node: Node) => TfliteOptions = () => ({ kind: "none" })): ExportRule {
  return (exporter, node) => {
    const kind = exporter.kindOf(node);
    const form = formOf(exporter, node.inputs[0]!);
    const made = { value: exporter.outputOf(node), kind, form };
    exporter.make(op, [exporter.read(node.inputs[0]!, kind, form)], made, options(node));
  };
}

/** LeakyRelu, in floats. */
export const exportLeakyRelu: ExportRule = exportUnary("LEAKY_RELU", (node) => ({
  kind: "LeakyReluOptions",
  alpha: floatAttribute(node, "alpha", 0.01),
}));

const clips: Readonly<Record<number, string>> = { 1: "RELU", 2: "RELU_N1_TO_1", 3: "RELU6" };

/** Clip: RELU, RELU6 or RELU_N1_TO_1 where the range is one of theirs, else MAXIMUM and MINIMUM in floats. */
export const exportClip: ExportRule = (exporter, node) => {
  const activation = activationOf(exporter.graph, node);
  if (activation !== undefined) return exportUnary(clips[activation]!)(exporter, node);
  const range = clipRange(exporter.graph, node);
  if (range === undefined) throw exporter.unsupported(node, "its bounds are computed");
  const form = formOf(exporter, node.inputs[0]!);
  const place = exporter.read(node.inputs[0]!, "real", form);
  const { type, shape } = exporter.builder.tensorAt(place);
  const options = { kind: "MaximumMinimumOptions" } as const;
  const least = exporter.builder.floats([range[0] === -Infinity ? -3.4028234663852886e38 : range[0]], []);
  const most = exporter.builder.floats([range[1] === Infinity ? 3.4028234663852886e38 : range[1]], []);
  const raised = exporter.builder.add("MAXIMUM", [place, least], { type, shape }, options);
  exporter.make("MINIMUM", [raised, most], { value: exporter.outputOf(node), kind: "real", form }, options);
};

/** Softmax and LogSoftmax over the last axis of TFLite's order. */
export function exportSoftmax(op: "SOFTMAX" | "LOG_SOFTMAX"): ExportRule {
  return (exporter, node) => {
    const rank = exporter.shapeOf(node.inputs[0]!).length;
    const given = intAttribute(node, "axis", opsetOf(exporter.graph) >= 13 ? -1 : 1);
    const axis = given < 0 ? given + rank : given;
    const isOverChannels = axis === 1 && rank === 4;
    if (axis !== rank - 1 && !isOverChannels) throw exporter.unsupported(node, `it runs over axis ${axis} of ${rank}`);
    const form = isOverChannels ? "pixels" : rank === 2 ? formOf(exporter, node.inputs[0]!) : "plain";
    const kind = op === "SOFTMAX" ? exporter.kindOf(node) : "real";
    const options: TfliteOptions = op === "SOFTMAX" ? { kind: "SoftmaxOptions", beta: 1 } : { kind: "none" };
    const made = { value: exporter.outputOf(node), kind, form } as const;
    exporter.make(op, [exporter.read(node.inputs[0]!, kind, form)], made, options);
  };
}

type BinaryOptions = Extract<
  OptionsName,
  "AddOptions" | "SubOptions" | "MulOptions" | "DivOptions" | "MaximumMinimumOptions"
>;

/** An operator of two inputs that broadcast. */
export function exportBinary(op: string, options: BinaryOptions): ExportRule {
  return (exporter, node) => {
    if (node.inputs.length !== 2)
      throw exporter.unsupported(node, `it reads ${node.inputs.length} inputs in place of two`);
    const kind = exporter.kindOf(node);
    const form = sharedForm(exporter, node);
    const sides = node.inputs.map((value) => sideOf(exporter, node, { value, kind, form }));
    const activation = exporter.activationOf(node);
    const fields = options === "MaximumMinimumOptions" ? { kind: options } : { kind: options, activation };
    exporter.make(op, sides, { value: exporter.outputOf(node), kind, form }, fields);
  };
}

/** The form in which a value exists; plain where it exists in both or none. */
export function formOf(exporter: Exporter, value: string): Form {
  return exporter.hasPixels(value) ? "pixels" : "plain";
}

/** Pixels where one side has them and all sides that are computed have the result's rank. */
function sharedForm(exporter: Exporter, node: Node): Form {
  const rank = exporter.shapeOf(node.outputs[0]!).length;
  const dynamic = node.inputs.filter((value) => !exporter.graph.initializers.has(value));
  const sameRank = dynamic.every((value) => exporter.shapeOf(value).length === rank);
  return sameRank && dynamic.some((value) => exporter.hasPixels(value)) ? "pixels" : "plain";
}

function sideOf(
  exporter: Exporter,
  node: Node,
  { value, kind, form }: { readonly value: string; readonly kind: Kind; readonly form: Form },
): number {
  const constant = exporter.graph.initializers.get(value);
  if (constant === undefined) return exporter.read(value, kind, form);
  if (constant.dtype !== "float32") throw exporter.unsupported(node, `its constant "${value}" is ${constant.dtype}`);
  const rank = exporter.shapeOf(node.outputs[0]!).length;
  const tensor = form === "pixels" ? pixelConstant(constant, rank) : constant;
  if (kind === "real") return exporter.builder.floats(floatsOf(tensor), tensor.shape);
  return exporter.integerConstant(tensor, exporter.plan.get(value)!, tensor.shape);
}

/** A constant that broadcasts against pixels as it does against [N, C, H, W] or [N, K]. */
function pixelConstant(constant: Tensor, rank: number): Tensor {
  const values = floatsOf(constant);
  const shape = [1, 1, 1, 1, ...constant.shape].slice(-4);
  return rank === 4 ? transposedTensor(values, shape, [0, 2, 3, 1]) : floatTensor(values, shape);
}
