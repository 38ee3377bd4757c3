import { addInsteadOfSum } from "./add-instead-of-sum.ts";
import { bakePreprocessing } from "./bake-preprocessing.ts";
import { bringToOpset17 } from "./bring-to-opset-17.ts";
import { foldBatchNormIntoConv } from "./fold-batch-norm-into-conv.ts";
import { foldScaleIntoConv } from "./fold-scale-into-conv.ts";
import { foldShapeArithmetic } from "./fold-shape-arithmetic.ts";
import { inferTypesOfValues } from "./infer-types-of-values.ts";
import { liftConstants } from "./lift-constants.ts";
import { minimiseNames } from "./minimise-names.ts";
import type { Pass } from "./pass.ts";
import { refuseInnerGraphs } from "./refuse-inner-graphs.ts";
import { removeUnused } from "./remove-unused.ts";

/** What brings any trained graph into the form that later passes read, in this order. */
const importingPasses: readonly Pass[] = [
  refuseInnerGraphs,
  liftConstants,
  inferTypesOfValues,
  bringToOpset17,
  foldShapeArithmetic,
  addInsteadOfSum,
];

/** What every graph goes through before a target is chosen, in this order. */
export const floatPasses: readonly Pass[] = [
  ...importingPasses,
  foldBatchNormIntoConv,
  bakePreprocessing,
  foldScaleIntoConv,
  removeUnused,
];

/** What every variant goes through at the end, in this order. */
export const finishingPasses: readonly Pass[] = [removeUnused, minimiseNames];

const allPasses = [...floatPasses, ...finishingPasses];

/** The names of the passes from a file to a float variant, in order. */
export const passNames: readonly string[] = [...new Set(allPasses.map(({ name }) => name))];

/** The passes from the first up to the named one. */
export function passesUpTo(name: string): readonly Pass[] {
  return allPasses.slice(0, allPasses.findIndex((pass) => pass.name === name) + 1);
}
