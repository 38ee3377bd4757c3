import { floatAttribute, intAttribute, type Node } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { paddings } from "../window.ts";
import type { Exporter, ExportRule } from "./exporter.ts";
import { addWeighted } from "./weights.ts";

/** Gemm with constant weights: α = β = 1 and rows that are not turned. */
export const exportGemm: ExportRule = (exporter, node) => {
  const isPlain = floatAttribute(node, "alpha", 1) === 1 && floatAttribute(node, "beta", 1) === 1;
  if (!isPlain || intAttribute(node, "transA", 0) !== 0)
    throw exporter.unsupported(node, "it scales its product or turns its rows");
  exportProduct(exporter, node, intAttribute(node, "transB", 0) === 1);
};

/** MatMul of rows with constant weights. */
export const exportMatMul: ExportRule = (exporter, node) => {
  const shape = exporter.shapeOf(node.inputs[0]!);
  if (shape.length === 2) exportProduct(exporter, node, false);
  else exportStackedProduct(exporter, node);
};

/**
 * In integers a 1 × 1 CONV_2D, which has scales per channel since version 3, where FULLY_CONNECTED has them in the newest
 * runtimes only and old ones compute garbage; in floats FULLY_CONNECTED. Where the rows are flattened planes, the weights are
 * reordered to meet pixels.
 */
function exportProduct(exporter: Exporter, node: Node, isTurned: boolean): void {
  const weight = matrixOf(exporter, node);
  const kind = exporter.kindOf(node);
  const [units, depth] = isTurned ? [weight.shape[0]!, weight.shape[1]!] : [weight.shape[1]!, weight.shape[0]!];
  const activation = exporter.activationOf(node);
  const flat = exporter.flatPixels(node.inputs[0]!, kind);
  const { channels, height, width } = flat ?? { channels: depth, height: 1, width: 1 };
  const seenAs = isTurned ? [units, channels, height, width] : [channels, height, width, units];
  const order = isTurned ? [0, 2, 3, 1] : [3, 1, 2, 0];
  const asConvolution = kind === "integers";
  const form = asConvolution ? "pixels" : "plain";
  const rows = asConvolution ? [1, 1, 1, depth] : [1, depth];
  addWeighted(exporter, node, {
    op: asConvolution ? "CONV_2D" : "FULLY_CONNECTED",
    data: flat === undefined ? exporter.read(node.inputs[0]!, kind, form) : exporter.reshaped(flat.place, rows),
    kind,
    form,
    weight,
    seenAs,
    order,
    shape: asConvolution ? [units, 1, 1, depth] : [units, depth],
    axis: 0,
    options: asConvolution
      ? { kind: "Conv2DOptions", padding: paddings.valid, strideW: 1, strideH: 1, activation }
      : { kind: "FullyConnectedOptions", activation },
  });
}

/** A product that keeps the axes before the last. */
function exportStackedProduct(exporter: Exporter, node: Node): void {
  const weight = matrixOf(exporter, node);
  addWeighted(exporter, node, {
    op: "FULLY_CONNECTED",
    data: exporter.read(node.inputs[0]!, "real", "plain"),
    kind: "real",
    form: "plain",
    weight,
    order: [1, 0],
    axis: 0,
    options: { kind: "FullyConnectedOptions", activation: exporter.activationOf(node), keepNumDims: 1 },
  });
}

function matrixOf(exporter: Exporter, node: Node): Tensor {
  const weight = exporter.constantOf(node, 1);
  if (weight.shape.length === 2) return weight;
  throw exporter.unsupported(node, `its weights [${weight.shape}] are no matrix`);
}
