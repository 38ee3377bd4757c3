import { attribute } from "../../graph/graph.ts";
import { floatsOf, int64Tensor } from "../../graph/tensor.ts";
import { optionsOf } from "../tflite-model.ts";
import { transposedTensor } from "../transposed-tensor.ts";
import type { ImportRule } from "./importer.ts";

/** FULLY_CONNECTED: Gemm on rows, or MatMul and Add where the other axes are kept. */
export const importFullyConnected: ImportRule = (importer, operator) => {
  const { activation, keepNumDims = 0, weightsFormat = 0 } = optionsOf(operator, "FullyConnectedOptions");
  const weight = importer.floats(operator, 1);
  const { place, tensor } = importer.input(operator, 0);
  if (weight.shape.length !== 2 || weightsFormat !== 0)
    throw importer.unsupported(operator, `its weights [${weight.shape}] are stored in format ${weightsFormat}`);
  const { builder } = importer;
  const bias = importer.hasInput(operator, 2) ? [builder.constant(importer.floats(operator, 2))] : [];
  const keepsAxes = keepNumDims !== 0 && tensor.shape.length > 2;
  let sum: string;
  if (keepsAxes) {
    const columns = transposedTensor(floatsOf(weight), weight.shape, [1, 0]);
    sum = builder.add("MatMul", [importer.plain(place), builder.constant(columns)]);
    if (bias.length > 0) sum = builder.add("Add", [sum, ...bias]);
  } else {
    const rows =
      tensor.shape.length === 2
        ? importer.plain(place)
        : builder.add("Reshape", [importer.plain(place), builder.constant(int64Tensor([-1, weight.shape[1]!]))]);
    const attributes = { transB: attribute.int(1) };
    sum = builder.add("Gemm", [rows, builder.constant(weight), ...bias], { attributes });
  }
  importer.setPlain(importer.output(operator).place, importer.activated(operator, sum, activation));
};
