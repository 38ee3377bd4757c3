import { type Dimension, intAttribute, intsAttribute, type Node, stringAttribute } from "../graph.ts";
import { ranked, type ShapeRule, shapeMismatch } from "./shape-rule.ts";

/** Sizes, strides, dilations and explicit pads (begin, end) of a convolution or pooling window, one entry per axis. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padsBegin: readonly number[];
  readonly padsEnd: readonly number[];
}

/** Reads a node's window attributes; `kernel` comes from the weight where the node does not name it. */
export function windowOf(node: Node, kernel: readonly number[], spatial: readonly Dimension[]): Window {
  const rank = kernel.length;
  const ones = kernel.map(() => 1);
  const strides = intsAttribute(node, "strides", ones);
  const dilations = intsAttribute(node, "dilations", ones);
  const automatic = stringAttribute(node, "auto_pad", "NOTSET");
  if (automatic === "SAME_UPPER" || automatic === "SAME_LOWER") {
    const totals = kernel.map((size, axis) => samePadding(node, spatial[axis], size, strides[axis]!, dilations[axis]!));
    const halves = totals.map((total) => (automatic === "SAME_UPPER" ? Math.floor(total / 2) : Math.ceil(total / 2)));
    return {
      kernel,
      strides,
      dilations,
      padsBegin: halves,
      padsEnd: totals.map((total, axis) => total - halves[axis]!),
    };
  }
  const pads = intsAttribute(
    node,
    "pads",
    [...ones, ...ones].map(() => 0),
  );
  return { kernel, strides, dilations, padsBegin: pads.slice(0, rank), padsEnd: pads.slice(rank) };
}

/** Conv: [N, M, …out]. */
export const convShape: ShapeRule = (context) => {
  const input = ranked(context, 0);
  const weight = ranked(context, 1);
  if (input === undefined || weight === undefined) return [undefined];
  const spatial = input.shape.slice(2);
  const kernel = weight.shape.slice(2).map(Number);
  const channels = weight.shape[1];
  const group = intAttribute(context.node, "group", 1);
  if (typeof channels === "number" && typeof input.shape[1] === "number" && input.shape[1] !== channels * group) {
    throw shapeMismatch(context.node, `${channels * group} input channels`, String(input.shape[1]));
  }
  const out = outputSizes(context.node, kernel, spatial);
  return [{ dtype: input.dtype, shape: out && [input.shape[0]!, weight.shape[0]!, ...out] }];
};

/** ConvTranspose with explicit pads: [N, M, …out], out = stride · (in − 1) + output_padding + dilated kernel − pads. */
export const convTransposeShape: ShapeRule = (context) => {
  const input = ranked(context, 0);
  const weight = ranked(context, 1);
  if (input === undefined || weight === undefined) return [undefined];
  const { auto_pad: automatic, output_shape: named } = context.node.attributes;
  if (automatic !== undefined || named !== undefined) return [undefined];
  const kernel = weight.shape.slice(2).map(Number);
  const window = windowOf(context.node, kernel, input.shape.slice(2));
  const extra = intsAttribute(
    context.node,
    "output_padding",
    kernel.map(() => 0),
  );
  const out = input.shape.slice(2).map((size, axis) => {
    const reach = (kernel[axis]! - 1) * window.dilations[axis]! + 1;
    const [stride, added] = [
      window.strides[axis]!,
      extra[axis]! + reach - window.padsBegin[axis]! - window.padsEnd[axis]!,
    ];
    if (typeof size === "number") return stride * (size - 1) + added;
    return stride === 1 && added === 1 ? size : `${stride}*(${size}-1)+${added}`;
  });
  const channels = Number(weight.shape[1]) * intAttribute(context.node, "group", 1);
  return [{ dtype: input.dtype, shape: [input.shape[0]!, channels, ...out] }];
};

/** MaxPool, AveragePool and LpPool: [N, C, …out], and int64 indices of the same shape for MaxPool. */
export const poolShape: ShapeRule = (context) => {
  const input = ranked(context, 0);
  if (input === undefined) return [undefined];
  const kernel = intsAttribute(context.node, "kernel_shape", []);
  const roundUp = intAttribute(context.node, "ceil_mode", 0) === 1;
  const out = outputSizes(context.node, kernel, input.shape.slice(2), roundUp);
  const shape = out && [...input.shape.slice(0, 2), ...out];
  return [
    { dtype: input.dtype, shape },
    { dtype: "int64", shape },
  ];
};

/** GlobalAveragePool and GlobalMaxPool: [N, C, 1, …]. */
export const globalPoolShape: ShapeRule = (context) => {
  const input = ranked(context, 0);
  return [input && { dtype: input.dtype, shape: input.shape.map((size, axis) => (axis < 2 ? size : 1)) }];
};

/** Sizes behind a window; undefined where SAME padding depends on sizes that are not known. */
function outputSizes(
  node: Node,
  kernel: readonly number[],
  spatial: readonly Dimension[],
  roundUp = false,
): readonly Dimension[] | undefined {
  const isSame = stringAttribute(node, "auto_pad", "NOTSET").startsWith("SAME");
  if (isSame && spatial.some((size) => typeof size === "string")) {
    return intsAttribute(node, "strides", [1]).every((stride) => stride === 1) ? spatial : undefined;
  }
  const window = windowOf(node, kernel, spatial);
  return spatial.map((size, axis) => outputSize(size, window, axis, roundUp));
}

function outputSize(size: Dimension, window: Window, axis: number, roundUp: boolean): Dimension {
  const reach = (window.kernel[axis]! - 1) * window.dilations[axis]! + 1;
  const stride = window.strides[axis]!;
  if (typeof size === "string") {
    const added = window.padsBegin[axis]! + window.padsEnd[axis]! - reach;
    return stride === 1 && added === -1 ? size : `${roundUp ? "ceil" : "floor"}((${size}+${added})/${stride})+1`;
  }
  const steps = (size + window.padsBegin[axis]! + window.padsEnd[axis]! - reach) / stride;
  const last = roundUp ? Math.ceil(steps) : Math.floor(steps);
  // A window that would begin in the padding at the end is left out.
  return (roundUp && last * stride >= size + window.padsBegin[axis]! ? last - 1 : last) + 1;
}

function samePadding(
  node: Node,
  size: Dimension | undefined,
  kernel: number,
  stride: number,
  dilation: number,
): number {
  if (typeof size !== "number") throw shapeMismatch(node, "a known size for SAME padding", String(size));
  return Math.max(0, (Math.ceil(size / stride) - 1) * stride + (kernel - 1) * dilation + 1 - size);
}
