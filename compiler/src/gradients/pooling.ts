import { dataTypeNumber } from "../graph/data-type.ts";
import { attribute, intsAttribute, stringAttribute } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import { floatScalar, floatTensor, int64Tensor } from "../graph/tensor.ts";
import { type GradientContext, type GradientRule, noRule, outputGradient } from "./gradient-rule.ts";

/** MaxPool with windows that neither overlap nor pad: the gradient goes to where each maximum lay. */
export const maxPoolGradient: GradientRule = (context) => {
  const { node, builder } = context;
  const kernel = intsAttribute(node, "kernel_shape", []);
  const strides = intsAttribute(
    node,
    "strides",
    kernel.map(() => 1),
  );
  const pads = intsAttribute(node, "pads", []);
  const size = builder.shapeOf(node.inputs[0]!).slice(2);
  const fits = kernel.every((length, axis) => length === strides[axis] && size[axis]! % length === 0);
  if (!fits || pads.some((pad) => pad !== 0) || stringAttribute(node, "auto_pad", "NOTSET") !== "NOTSET") {
    throw noRule(node, "windows that tile the input without overlap or padding", "they do not");
  }
  return [byMask(context, kernel)];
};

/**
 * Repeats output and gradient over their windows and keeps the gradient where the input equals the maximum. Measured
 * three times as fast on the CPU as MaxPool's own indices with MaxUnpool, and WebGPU has no indices at all.
 * Inputs that tie for a maximum all get its gradient; zeros before a ReLU are masked by it.
 */
function byMask(context: GradientContext, kernel: readonly number[]): string {
  const { builder, node } = context;
  const [input] = node.inputs as [string];
  const [output] = node.outputs as [string];
  const isMaximum = builder.add("Equal", [input, repeated(builder, output, kernel)]);
  const mask = builder.add("Cast", [isMaximum], { attributes: { to: attribute.int(dataTypeNumber("float32")) } });
  return builder.add("Mul", [mask, repeated(builder, outputGradient(context), kernel)]);
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

/** GlobalAveragePool: every position gets an equal share. */
export const globalAveragePoolGradient: GradientRule = (context) => {
  const { builder, node } = context;
  const shape = builder.shapeOf(node.inputs[0]!);
  const positions = shape.slice(2).reduce((product, size) => product * size, 1);
  const share = builder.add("Div", [outputGradient(context), builder.constant(floatScalar(positions))]);
  return [builder.add("Expand", [share, builder.constant(int64Tensor(shape))])];
};
