import { type DataType, dataTypeOf } from "../data-type.ts";
import { intAttribute } from "../graph.ts";
import { broadcastShapes, positiveAxis, ranked, type ShapeContext, type ShapeRule } from "./shape-rule.ts";

/** The first input's type, for functions of one value. */
export const sameShape: ShapeRule = ({ inputs }) => [inputs[0]];

/** All inputs broadcast; the element type is the first one's. */
export const broadcastShape: ShapeRule = (context) => broadcastAll(context, 0, context.inputs[0]?.dtype);

/** All inputs broadcast; the result is bool. */
export const comparisonShape: ShapeRule = (context) => broadcastAll(context, 0, "bool");

/** The first input's shape, as bools. */
export const testShape: ShapeRule = ({ inputs }) => [inputs[0] && { dtype: "bool", shape: inputs[0].shape }];

/** CastLike: the first input's shape, the second one's type. */
export const castLikeShape: ShapeRule = ({ inputs }) => [
  inputs[0] && inputs[1] && { dtype: inputs[1].dtype, shape: inputs[0].shape },
];

/** Dropout: the input's type, and a mask of bools from opset 10 on. */
export const dropoutShape: ShapeRule = ({ inputs, opset }) => [
  inputs[0],
  inputs[0] && { dtype: opset < 10 ? inputs[0].dtype : "bool", shape: inputs[0].shape },
];

/** LayerNormalization: the input's type, then mean and 1/deviation with the normalised axes at 1. */
export const layerNormShape: ShapeRule = (context) => {
  const input = ranked(context, 0);
  if (input === undefined) return [context.inputs[0]];
  const axis = positiveAxis(intAttribute(context.node, "axis", -1), input.shape.length);
  const statistics = { dtype: "float32", shape: input.shape.map((size, at) => (at < axis ? size : 1)) } as const;
  return [input, statistics, statistics];
};

/** DynamicQuantizeLinear: bytes, their scale and zero point. */
export const dynamicQuantizeShape: ShapeRule = ({ inputs }) => [
  inputs[0] && { dtype: "uint8", shape: inputs[0].shape },
  { dtype: "float32", shape: [] },
  { dtype: "uint8", shape: [] },
];

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
  if (dtype === undefined || types.length === 0 || types.includes(undefined)) return [undefined];
  const shapes = types.map((type) => type?.shape ?? []);
  return [{ dtype, shape: shapes.reduce((left, right) => broadcastShapes(left, right, context.node)) }];
}
