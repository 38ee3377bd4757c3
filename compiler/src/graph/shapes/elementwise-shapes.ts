import { type DataType, dataTypeOf } from "../data-type.ts";
import { intAttribute } from "../graph.ts";
import { broadcastShapes, ranked, type ShapeContext, type ShapeRule } from "./shape-rule.ts";

/** The first input's type, for functions of one value. */
export const sameShape: ShapeRule = ({ inputs }) => [inputs[0]];

/** All inputs broadcast; the element type is the first one's. */
export const broadcastShape: ShapeRule = (context) => broadcastAll(context, 0, context.inputs[0]?.dtype);

/** All inputs broadcast; the result is bool. */
export const comparisonShape: ShapeRule = (context) => broadcastAll(context, 0, "bool");

/** Where: condition and both choices broadcast; the type is that of the choices. */
export const whereShape: ShapeRule = (context) => broadcastAll(context, 0, context.inputs[1]?.dtype);

/** BatchNormalization: the input's type, then the statistics' in training mode. */
export const batchNormShape: ShapeRule = ({ inputs }) => [inputs[0], inputs[3], inputs[4]];

/** QuantizeLinear: the shape stays, the type is the zero point's, else `output_dtype`, else uint8. */
export const quantizeShape: ShapeRule = ({ node, inputs }) => {
  const named = intAttribute(node, "output_dtype", 0);
  const dtype = inputs[2]?.dtype ?? (named === 0 ? "uint8" : dataTypeOf(named));
  return [inputs[0] && { dtype, shape: inputs[0].shape }];
};

/** DequantizeLinear: the shape stays, the type is the scale's. */
export const dequantizeShape: ShapeRule = ({ inputs }) => [
  inputs[0] && { dtype: inputs[1]?.dtype ?? "float32", shape: inputs[0].shape },
];

function broadcastAll(context: ShapeContext, from: number, dtype: DataType | undefined): ReturnType<ShapeRule> {
  const types = context.inputs.map((_, index) => ranked(context, index)).slice(from);
  if (dtype === undefined || types.includes(undefined)) return [undefined];
  const shapes = types.map((type) => type?.shape ?? []);
  return [{ dtype, shape: shapes.reduce((left, right) => broadcastShapes(left, right, context.node)) }];
}
