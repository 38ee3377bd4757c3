import { dataTypeNumber } from "../graph/data-type.ts";
import { attribute, intAttribute, intsAttribute } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import { type Window, windowOf } from "../graph/shapes/window-shapes.ts";
import { elementCount, floatScalar, floatTensor, int64Tensor } from "../graph/tensor.ts";
import { adjointConvolution } from "./adjoint-convolution.ts";
import { type GradientContext, type GradientRule, noRule, outputGradient, reshaped } from "./gradient-rule.ts";

/** MaxPool: the gradient goes to where each maximum lay. */
export const maxPoolGradient: GradientRule = (context) => {
  const window = poolWindow(context);
  return [tiles(context, window) ? byMask(context, window) : byIndices(context)];
};

/** AveragePool: every value that a window saw gets an equal share. */
export const averagePoolGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const window = poolWindow(context);
  const gradient = outputGradient(context);
  const counts = countsOf(context, window);
  const share = builder.add("Div", [gradient, builder.constant(counts)]);
  if (tiles(context, window)) return [repeated(builder, share, window.kernel)];
  return [spreadOverWindows(builder, share, builder.shapeOf(node.inputs[0]!), window)];
};

/** GlobalAveragePool: every position gets an equal share. */
export const globalAveragePoolGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const shape = builder.shapeOf(node.inputs[0]!);
  const positions = elementCount(shape.slice(2));
  const share = builder.add("Div", [outputGradient(context), builder.constant(floatScalar(positions))]);
  return [builder.add("Expand", [share, builder.constant(int64Tensor(shape))])];
};

/** GlobalMaxPool: the gradient at every position that holds the maximum. */
export const globalMaxPoolGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const isMaximum = builder.add("Equal", [node.inputs[0]!, node.outputs[0]!]);
  return [builder.add("Where", [isMaximum, outputGradient(context), builder.constant(floatScalar(0))])];
};

function poolWindow({ builder, node }: GradientContext): Window {
  const kernel = intsAttribute(node, "kernel_shape", []);
  if (intAttribute(node, "ceil_mode", 0) === 1) throw noRule(node, "sizes rounded down", "it rounds up");
  if (kernel.length !== 2) throw noRule(node, "two spatial axes", `it has ${kernel.length}`);
  return windowOf(node, kernel, builder.shapeOf(node.inputs[0]!).slice(2));
}

/** Whether windows lie side by side and cover the input. */
function tiles(
  { builder, node }: GradientContext,
  { kernel, strides, dilations, padsBegin, padsEnd }: Window,
): boolean {
  const size = builder.shapeOf(node.inputs[0]!).slice(2);
  const fits = kernel.every((length, axis) => length === strides[axis] && size[axis]! % length === 0);
  return fits && dilations.every((each) => each === 1) && [...padsBegin, ...padsEnd].every((pad) => pad === 0);
}

/**
 * Repeats output and gradient over their windows and keeps the gradient where the input equals the maximum. Measured
 * three times as fast on the CPU as MaxPool's own indices with MaxUnpool, and WebGPU has no indices at all.
 * Inputs that tie for a maximum all get its gradient; zeros before a ReLU are masked by it.
 */
function byMask(context: GradientContext, { kernel }: Window): string {
  const { builder, node } = context;
  const [input] = node.inputs as [string];
  const [output] = node.outputs as [string];
  const isMaximum = builder.add("Equal", [input, repeated(builder, output, kernel)]);
  const mask = builder.add("Cast", [isMaximum], { attributes: { to: attribute.int(dataTypeNumber("float32")) } });
  return builder.add("Mul", [mask, repeated(builder, outputGradient(context), kernel)]);
}

/** Windows that overlap: MaxPool again, for the flat index of each maximum, and the gradients added up there. */
function byIndices(context: GradientContext): string {
  const { builder, node } = context;
  const shape = builder.shapeOf(node.inputs[0]!);
  const names = ["maximum", "index"].map((hint) => builder.freshName(hint));
  const [, index] = builder.addMany("MaxPool", node.inputs, { attributes: node.attributes, outputs: names });
  const empty = builder.constant(floatTensor(new Float32Array(elementCount(shape))));
  const flat = (value: string) => reshaped(builder, value, [-1]);
  const attributes = { axis: attribute.int(0), reduction: attribute.string("add") };
  const added = builder.add("ScatterElements", [empty, flat(index!), flat(outputGradient(context))], { attributes });
  return reshaped(builder, added, shape);
}

/** How many values each window saw, for one sample and channel: [1, 1, …out]. */
function countsOf({ builder, node }: GradientContext, window: Window) {
  const [inside, out] = [node.inputs[0]!, node.outputs[0]!].map((value) => builder.shapeOf(value).slice(2));
  const countsPads = intAttribute(node, "count_include_pad", 0) === 1;
  const seen = out!.map((size, axis) => {
    const [kernel, stride, dilation] = [window.kernel[axis]!, window.strides[axis]!, window.dilations[axis]!];
    return Array.from({ length: size }, (_, position) => {
      const taps = Array.from(
        { length: kernel },
        (__, tap) => position * stride + tap * dilation - window.padsBegin[axis]!,
      );
      return countsPads ? kernel : taps.filter((at) => at >= 0 && at < inside![axis]!).length;
    });
  });
  const [rows, columns] = seen as [number[], number[]];
  return floatTensor(
    rows.flatMap((row) => columns.map((column) => row * column)),
    [1, 1, ...out!],
  );
}

/** The adjoint of summing windows: every channel's spread by a kernel of ones. */
function spreadOverWindows(builder: GraphBuilder, value: string, shape: readonly number[], window: Window): string {
  const [samples, channels, ...size] = shape as [number, number, ...number[]];
  const { kernel } = window;
  const planes = reshaped(builder, value, [samples * channels, 1, ...builder.shapeOf(value).slice(2)]);
  const ones = builder.constant(floatTensor(new Float32Array(elementCount(kernel)).fill(1), [1, 1, ...kernel]));
  return reshaped(builder, adjointConvolution(builder, planes, ones, { size, window }), shape);
}

function repeated(builder: GraphBuilder, value: string, kernel: readonly number[]): string {
  const scales = builder.constant(floatTensor([1, 1, ...kernel]));
  return builder.add("Resize", [value, "", scales], {
    attributes: {
      coordinate_transformation_mode: attribute.string("asymmetric"),
      mode: attribute.string("nearest"),
      nearest_mode: attribute.string("floor"),
    },
  });
}
