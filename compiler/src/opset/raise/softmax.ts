import { attribute, type Dimension, intAttribute } from "../../graph/graph.ts";
import { positiveAxis } from "../../graph/shapes/shape-rule.ts";
import { type OpsetAdapter, standardNode } from "../opset-adapter.ts";

/**
 * Softmax, LogSoftmax and Hardmax of 13 work along one axis, where they took all axes from `axis` on as one.
 * Both are the same where only one of those axes is longer than 1; elsewhere the value is flattened and shaped back.
 */
export const raiseSoftmax: OpsetAdapter = {
  ops: ["Softmax", "LogSoftmax", "Hardmax"],
  opset: 13,
  adapt(node, context) {
    const input = node.inputs[0]!;
    const axis = intAttribute(node, "axis", 1);
    const single = singleAxis(context.typeOf(input)?.shape, axis);
    if (single !== undefined) {
      return [{ ...node, attributes: { ...node.attributes, axis: attribute.int(single) } }];
    }
    const [flat, soft, shape] = ["flat", "soft", "shape"].map((hint) =>
      context.freshName(`${node.outputs[0]}_${hint}`),
    );
    return [
      standardNode("Flatten", [input], [flat!], { axis: attribute.int(axis) }),
      { ...node, inputs: [flat!], outputs: [soft!], attributes: { axis: attribute.int(-1) } },
      standardNode("Shape", [input], [shape!]),
      standardNode("Reshape", [soft!, shape!], node.outputs),
    ];
  },
};

/** The only axis from `from` on that may be longer than 1, or undefined. */
function singleAxis(shape: readonly Dimension[] | undefined, from: number): number | undefined {
  if (shape === undefined) return undefined;
  const first = positiveAxis(from, shape.length);
  const long = shape.flatMap((size, axis) => (axis >= first && size !== 1 ? [axis] : []));
  if (long.length > 1) return undefined;
  return long[0] ?? (first < shape.length ? first : undefined);
}
