import { bakePreprocessing } from "./bake-preprocessing.ts";
import { foldBatchNormIntoConv } from "./fold-batch-norm-into-conv.ts";
import { foldScaleIntoConv } from "./fold-scale-into-conv.ts";
import { minimiseNames } from "./minimise-names.ts";
import type { Pass } from "./pass.ts";
import { removeUnused } from "./remove-unused.ts";

/** What every graph goes through before a target is chosen, in this order. */
export const simplifyingPasses: readonly Pass[] = [
  foldBatchNormIntoConv,
  bakePreprocessing,
  foldScaleIntoConv,
  removeUnused,
];

/** What every variant goes through at the end, in this order. */
export const finishingPasses: readonly Pass[] = [removeUnused, minimiseNames];
