import { attribute } from "../../graph/graph.ts";
import { floatTensor, int64Tensor } from "../../graph/tensor.ts";
import { optionsOf } from "../tflite-model.ts";
import { type ImportRule, intsOf, toPixels, toPlanes } from "./importer.ts";

/** RESHAPE, SQUEEZE and EXPAND_DIMS: the output's shape says it all. */
export const importReshape: ImportRule = (importer, operator) => {
  const { place, tensor } = importer.input(operator, 0);
  const output = importer.output(operator);
  const [, height, width] = tensor.shape;
  // One pixel has the same order of elements in both forms.
  const isPixel = tensor.shape.length === 4 && height === 1 && width === 1 && importer.hasPlanes(place);
  const name = isPixel ? importer.planes(place) : importer.plain(place);
  importer.setPlain(output.place, importer.reshaped(name, output.tensor));
};

/** TRANSPOSE; one that only turns pixels into planes or back is none. */
export const importTranspose: ImportRule = (importer, operator) => {
  const order = importer.integers(operator, 1);
  const { place } = importer.input(operator, 0);
  const output = importer.output(operator).place;
  if (order.join() === toPlanes.join()) importer.setPlain(output, importer.planes(place));
  else if (order.join() === toPixels.join()) importer.setPlanes(output, importer.plain(place));
  else importer.setPlain(output, importer.transposed(importer.plain(place), order));
};

/** PAD and PADV2 by constant amounts. */
export const importPad: ImportRule = (importer, operator) => {
  const amounts = importer.integers(operator, 1);
  const { place, tensor } = importer.input(operator, 0);
  if (amounts.length !== 2 * tensor.shape.length || amounts.some((size) => size < 0))
    throw importer.unsupported(operator, `its pads are [${amounts}]`);
  const inPlanes = importer.hasPlanes(place);
  const order = inPlanes ? toPlanes : tensor.shape.map((_, axis) => axis);
  const pads = [0, 1].flatMap((end) => order.map((axis) => amounts[2 * axis + end]!));
  const value = importer.hasInput(operator, 2) ? importer.floats(operator, 2) : floatTensor([0], []);
  const inputs = [
    inPlanes ? importer.planes(place) : importer.plain(place),
    importer.builder.constant(int64Tensor(pads)),
    importer.builder.constant({ ...value, shape: [] }),
  ];
  const padded = importer.builder.add("Pad", inputs);
  const output = importer.output(operator).place;
  if (inPlanes) importer.setPlanes(output, padded);
  else importer.setPlain(output, padded);
};

/** CONCATENATION. */
export const importConcatenation: ImportRule = (importer, operator) => {
  const { axis: given = 0, activation } = optionsOf(operator, "ConcatenationOptions");
  const parts = operator.inputs.map((_, position) => importer.input(operator, position));
  const rank = importer.output(operator).tensor.shape.length;
  const inPlanes = rank === 4 && parts.some(({ place }) => importer.hasPlanes(place));
  const axis = given < 0 ? given + rank : given;
  const names = parts.map(({ place }) => (inPlanes ? importer.planes(place) : importer.plain(place)));
  const attributes = { axis: attribute.int(inPlanes ? toPlanes.indexOf(axis as 0 | 1 | 2 | 3) : axis) };
  const joined = importer.activated(operator, importer.builder.add("Concat", names, { attributes }), activation);
  const output = importer.output(operator).place;
  if (inPlanes) importer.setPlanes(output, joined);
  else importer.setPlain(output, joined);
};

/** MEAN: over height and width the average of a plane, else ReduceMean. */
export const importMean: ImportRule = (importer, operator) => {
  const { keepDims = 0 } = optionsOf(operator, "ReducerOptions");
  const { place, tensor } = importer.input(operator, 0);
  const rank = tensor.shape.length;
  const axes = importer.integers(operator, 1).map((axis) => (axis < 0 ? axis + rank : axis));
  const output = importer.output(operator);
  if (rank === 4 && axes.toSorted().join() === "1,2") {
    const average = importer.builder.add("GlobalAveragePool", [importer.planes(place)]);
    if (keepDims !== 0) importer.setPlanes(output.place, average);
    else importer.setPlain(output.place, importer.reshaped(average, output.tensor));
    return;
  }
  const attributes = { ...intsOf({ axes }), keepdims: attribute.int(keepDims === 0 ? 0 : 1) };
  importer.setPlain(output.place, importer.builder.add("ReduceMean", [importer.plain(place)], { attributes }));
};
