import { dataTypeOf } from "../data-type.ts";
import { type Dimension, intAttribute } from "../graph.ts";
import { floatsOf, type Tensor } from "../tensor.ts";
import { integers, slicedSize } from "./movement-shapes.ts";
import { positiveAxis, ranked, type ShapeRule } from "./shape-rule.ts";

/** Shape: one int64 for each axis from `start` to `end`. */
export const shapeShape: ShapeRule = (context) => {
  const rank = ranked(context, 0)?.shape.length;
  if (rank === undefined) return [{ dtype: "int64", shape: undefined }];
  const end = intAttribute(context.node, "end", rank);
  return [{ dtype: "int64", shape: [slicedSize(rank, intAttribute(context.node, "start", 0), end, 1)] }];
};

/** Size: one int64. */
export const sizeShape: ShapeRule = () => [{ dtype: "int64", shape: [] }];

/** ConstantOfShape to a constant shape, of the value's type. */
export const constantOfShapeShape: ShapeRule = (context) => {
  const value = context.node.attributes.value;
  return [{ dtype: value?.kind === "tensor" ? value.value.dtype : "float32", shape: integers(context, 0) }];
};

/** EyeLike: the input's shape, of the type that the node names. */
export const eyeLikeShape: ShapeRule = ({ node, inputs }) => {
  const named = intAttribute(node, "dtype", 0);
  return [inputs[0] && { dtype: named === 0 ? inputs[0].dtype : dataTypeOf(named), shape: inputs[0].shape }];
};

/** Range between constants. */
export const rangeShape: ShapeRule = (context) => {
  const [start, limit, delta] = [0, 1, 2].map((index) => scalarOf(context.constant(index)));
  const dtype = context.inputs[0]?.dtype;
  if (dtype === undefined || start === undefined || limit === undefined || delta === undefined) return [undefined];
  return [{ dtype, shape: [Math.max(0, Math.ceil((limit - start) / delta))] }];
};

/** ArgMax and ArgMin: int64, the axis at 1 or gone. */
export const argShape: ShapeRule = (context) => {
  const input = ranked(context, 0);
  if (input === undefined) return [{ dtype: "int64", shape: undefined }];
  const axis = positiveAxis(intAttribute(context.node, "axis", 0), input.shape.length);
  const kept = intAttribute(context.node, "keepdims", 1) === 1 ? [1] : [];
  return [{ dtype: "int64", shape: input.shape.flatMap((size, at) => (at === axis ? kept : [size])) }];
};

/** TopK with a constant k (opset 10 and later): values, and their places as int64. */
export const topKShape: ShapeRule = (context) => {
  const input = ranked(context, 0);
  const k = integers(context, 1)?.[0];
  if (input === undefined || k === undefined) return [undefined];
  const axis = positiveAxis(intAttribute(context.node, "axis", -1), input.shape.length);
  const shape = input.shape.map((size, at) => (at === axis ? k : size));
  return [
    { dtype: input.dtype, shape },
    { dtype: "int64", shape },
  ];
};

/** OneHot of a constant depth: a new axis, of the values' type. */
export const oneHotShape: ShapeRule = (context) => {
  const indices = ranked(context, 0);
  const depth = scalarOf(context.constant(1));
  const dtype = context.inputs[2]?.dtype;
  if (indices === undefined || depth === undefined || dtype === undefined) return [undefined];
  const axis = positiveAxis(intAttribute(context.node, "axis", -1), indices.shape.length + 1);
  return [{ dtype, shape: indices.shape.toSpliced(axis, 0, depth) }];
};

/** GatherElements: the shape of the indices, the type of the data. */
export const gatherElementsShape: ShapeRule = ({ inputs }) => [
  inputs[0] && inputs[1] && { dtype: inputs[0].dtype, shape: inputs[1].shape },
];

/** GatherND: the indices' axes but the last, then those of the data that no index names. */
export const gatherNdShape: ShapeRule = (context) => {
  const [data, indices] = [ranked(context, 0), ranked(context, 1)];
  const named = indices?.shape.at(-1);
  if (data === undefined || indices === undefined || typeof named !== "number") return [undefined];
  const from = intAttribute(context.node, "batch_dims", 0) + named;
  return [{ dtype: data.dtype, shape: [...indices.shape.slice(0, -1), ...data.shape.slice(from)] }];
};

/** NonZero: int64, as many columns as will be found. */
export const nonZeroShape: ShapeRule = (context) => {
  const rank = ranked(context, 0)?.shape.length;
  return [{ dtype: "int64", shape: rank === undefined ? undefined : [rank, `found(${context.node.outputs[0]})`] }];
};

/** Tile by constant repeats. */
export const tileShape: ShapeRule = (context) => {
  const input = ranked(context, 0);
  const repeats = integers(context, 1);
  if (input === undefined || repeats === undefined) return [undefined];
  return [{ dtype: input.dtype, shape: input.shape.map((size, axis) => times(size, repeats[axis]!)) }];
};

/** DepthToSpace: blocks of channels become blocks of pixels. */
export const depthToSpaceShape: ShapeRule = (context) => {
  const input = ranked(context, 0);
  const block = intAttribute(context.node, "blocksize", 1);
  const [batch, channels, height, width] = input?.shape ?? [];
  if (input === undefined || typeof channels !== "number") return [undefined];
  return [{ dtype: input.dtype, shape: [batch!, channels / block ** 2, times(height!, block), times(width!, block)] }];
};

/** SpaceToDepth: blocks of pixels become blocks of channels. */
export const spaceToDepthShape: ShapeRule = (context) => {
  const input = ranked(context, 0);
  const block = intAttribute(context.node, "blocksize", 1);
  const [batch, channels, height, width] = input?.shape ?? [];
  if (input === undefined || typeof height !== "number" || typeof width !== "number") return [undefined];
  return [{ dtype: input.dtype, shape: [batch!, times(channels!, block ** 2), height / block, width / block] }];
};

function times(size: Dimension, factor: number): Dimension {
  if (typeof size === "number") return size * factor;
  return factor === 1 ? size : `${factor}*${size}`;
}

function scalarOf(tensor: Tensor | undefined): number | undefined {
  if (tensor === undefined) return undefined;
  if (tensor.dtype === "float32") return floatsOf(tensor)[0];
  const view = new DataView(tensor.bytes.buffer, tensor.bytes.byteOffset, tensor.bytes.byteLength);
  if (tensor.dtype === "int64" && tensor.bytes.length >= 8) return Number(view.getBigInt64(0, true));
  return tensor.dtype === "int32" && tensor.bytes.length >= 4 ? view.getInt32(0, true) : undefined;
}
