import { intAttribute, intsAttribute, type Node } from "../../graph/graph.ts";
import { type Window, windowOf } from "../../graph/shapes/window-shapes.ts";
import { elementCount } from "../../graph/tensor.ts";
import { paddingBefore, paddings, paddingTotal, windowCount } from "../window.ts";
import type { Exporter, ExportRule, Kind } from "./exporter.ts";
import { addWeighted } from "./weights.ts";

/** Conv: CONV_2D, or DEPTHWISE_CONV_2D where each channel has filters of its own. */
export const exportConv: ExportRule = (exporter, node) => {
  const weight = exporter.constantOf(node, 1);
  const group = intAttribute(node, "group", 1);
  const [outputs, filters] = weight.shape as [number, number];
  if (weight.shape.length !== 4) throw exporter.unsupported(node, `its weights [${weight.shape}] are no images`);
  const isDepthwise = group > 1 && filters === 1 && outputs % group === 0;
  if (group > 1 && !isDepthwise) throw exporter.unsupported(node, `it has ${group} groups of ${filters} channels`);
  const kind = exporter.kindOf(node);
  const window = paddedWindow(exporter, node, { kernel: weight.shape.slice(2), kind, filler: 0 });
  const { strides, dilations } = window;
  const steps = {
    padding: window.padding,
    strideH: strides[0]!,
    strideW: strides[1]!,
    dilationH: dilations[0]!,
    dilationW: dilations[1]!,
    activation: exporter.activationOf(node),
  };
  addWeighted(exporter, node, {
    op: isDepthwise ? "DEPTHWISE_CONV_2D" : "CONV_2D",
    data: window.place,
    kind,
    form: "pixels",
    weight,
    order: isDepthwise ? [1, 2, 3, 0] : [0, 2, 3, 1],
    axis: isDepthwise ? 3 : 0,
    options: isDepthwise
      ? { kind: "DepthwiseConv2DOptions", depthMultiplier: outputs / group, ...steps }
      : { kind: "Conv2DOptions", ...steps },
  });
};

/** MaxPool: padding never wins. */
export const exportMaxPool: ExportRule = (exporter, node) => {
  exportPool(exporter, node, { op: "MAX_POOL_2D", filler: -Infinity });
};

/** AveragePool: padding counts only where the node says so, and then as zeros. */
export const exportAveragePool: ExportRule = (exporter, node) => {
  const countsPadding = intAttribute(node, "count_include_pad", 0) === 1;
  exportPool(exporter, node, { op: "AVERAGE_POOL_2D", filler: countsPadding ? 0 : undefined });
};

/** GlobalMaxPool: one window over all. */
export const exportGlobalMaxPool: ExportRule = (exporter, node) => {
  const [, , filterH, filterW] = exporter.shapeOf(node.inputs[0]!) as [number, number, number, number];
  const kind = exporter.kindOf(node);
  const made = { value: exporter.outputOf(node), kind, form: "pixels" } as const;
  exporter.make("MAX_POOL_2D", [exporter.read(node.inputs[0]!, kind, "pixels")], made, {
    kind: "Pool2DOptions",
    padding: paddings.valid,
    strideW: 1,
    strideH: 1,
    filterW,
    filterH,
  });
};

function exportPool(
  exporter: Exporter,
  node: Node,
  { op, filler }: { readonly op: string; readonly filler: number | undefined },
): void {
  const kernel = intsAttribute(node, "kernel_shape", []);
  const kind = exporter.kindOf(node);
  const { place, padding, strides, dilations } = paddedWindow(exporter, node, { kernel, kind, filler });
  if (dilations.some((step) => step !== 1)) throw exporter.unsupported(node, `its window has gaps of ${dilations}`);
  const made = { value: exporter.outputOf(node), kind, form: "pixels" } as const;
  exporter.make(op, [place], made, {
    kind: "Pool2DOptions",
    padding,
    strideH: strides[0]!,
    strideW: strides[1]!,
    filterH: kernel[0]!,
    filterW: kernel[1]!,
    activation: exporter.activationOf(node),
  });
}

interface WindowRequest {
  readonly kernel: readonly number[];
  readonly kind: Kind;
  /** What padding holds where it must be written out; undefined where it must not count, which only SAME gives. */
  readonly filler: number | undefined;
}

/** The input of a window with what it lacks written out, and how TFLite is to pad the rest. */
function paddedWindow(exporter: Exporter, node: Node, { kernel, kind, filler }: WindowRequest) {
  const shape = exporter.shapeOf(node.inputs[0]!);
  if (shape.length !== 4 || kernel.length !== 2)
    throw exporter.unsupported(node, `it reads [${shape}] in place of planes`);
  const window = windowOf(node, kernel, shape.slice(2));
  const place = exporter.read(node.inputs[0]!, kind, "pixels");
  const padding = tflitePadding(window, shape.slice(2));
  const { strides, dilations } = window;
  expectOutput(exporter, node, window, padding);
  if (padding !== undefined) return { place, padding, strides, dilations };
  if (filler === undefined) throw exporter.unsupported(node, "its padding must not count but differs from SAME");
  return { place: padded(exporter, place, window, filler), padding: paddings.valid, strides, dilations };
}

/** SAME or VALID where that is what the pads say. */
function tflitePadding({ kernel, strides, dilations, padsBegin, padsEnd }: Window, spatial: readonly number[]) {
  if ([...padsBegin, ...padsEnd].every((size) => size === 0)) return paddings.valid;
  const isSame = spatial.every((from, axis) => {
    const one = {
      padding: paddings.same,
      from,
      kernel: kernel[axis]!,
      stride: strides[axis]!,
      dilation: dilations[axis]!,
    };
    const before = paddingBefore(one);
    return padsBegin[axis] === before && padsEnd[axis] === paddingTotal(one) - before;
  });
  return isSame ? paddings.same : undefined;
}

function padded(exporter: Exporter, place: number, { padsBegin, padsEnd }: Window, filler: number): number {
  const from = exporter.builder.tensorAt(place);
  const amounts = [0, 0, padsBegin[0]!, padsEnd[0]!, padsBegin[1]!, padsEnd[1]!, 0, 0];
  const shape = from.shape.map((size, axis) => size + amounts[2 * axis]! + amounts[2 * axis + 1]!);
  const { type, quantization } = from;
  const result = { type, shape, ...(quantization === undefined ? {} : { quantization }) };
  const inputs = [place, exporter.builder.integers(amounts, [4, 2])];
  if (filler === 0) return exporter.builder.add("PAD", inputs, result, { kind: "PadOptions" });
  const lowest =
    type === "float32"
      ? exporter.builder.floats([-3.4028234663852886e38])
      : exporter.builder.constant({
          type,
          shape: [1],
          data: Uint8Array.of(128),
          ...(quantization && { quantization }),
        });
  return exporter.builder.add("PADV2", [...inputs, lowest], result, { kind: "PadV2Options" });
}

function expectOutput(exporter: Exporter, node: Node, window: Window, padding: number | undefined): void {
  const input = exporter.shapeOf(node.inputs[0]!).slice(2);
  const output = exporter.shapeOf(node.outputs[0]!).slice(2);
  const counts = input.map((size, axis) => {
    const extra = padding === undefined ? window.padsBegin[axis]! + window.padsEnd[axis]! : 0;
    const [kernel, stride, dilation] = [window.kernel[axis]!, window.strides[axis]!, window.dilations[axis]!];
    return windowCount({ padding: padding ?? paddings.valid, from: size + extra, kernel, stride, dilation });
  });
  if (elementCount(counts) !== elementCount(output) || counts.join() !== output.join())
    throw exporter.unsupported(node, `it makes [${output}] windows where TFLite makes [${counts}]`);
}
