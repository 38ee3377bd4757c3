import { absentAttributes } from "./lower/absent-attributes.ts";
import { earlierModes } from "./lower/earlier-modes.ts";
import { earlierTypes } from "./lower/earlier-types.ts";
import { lowerGridSample } from "./lower/grid-sample.ts";
import { lowerPadAxes } from "./lower/pad.ts";
import { lowerQuantize } from "./lower/quantize.ts";
import { lowerReduceAxes } from "./lower/reduce-axes.ts";
import { lowerSplit } from "./lower/split.ts";
import type { OpsetAdapter } from "./opset-adapter.ts";
import { raiseAlignedAxes } from "./raise/aligned-axes.ts";
import { raiseBatchNormSpatial, raiseBatchNormTraining } from "./raise/batch-normalization.ts";
import { raiseClip } from "./raise/clip.ts";
import { raiseDropoutMask, raiseDropoutRatio } from "./raise/dropout.ts";
import { integersAsInputs } from "./raise/integers-as-inputs.ts";
import { raisePad } from "./raise/pad.ts";
import { raiseResize } from "./raise/resize.ts";
import { raiseRoiAlign } from "./raise/roi-align.ts";
import { raiseScatter } from "./raise/scatter.ts";
import { raiseSoftmax } from "./raise/softmax.ts";
import { raiseTestMode } from "./raise/test-mode.ts";
import { raiseUpsampleScales, raiseUpsampleToResize } from "./raise/upsample.ts";

/** From older opsets up to 17, one for each change that `operatorHistory` lists up to there. */
export const raisingAdapters: readonly OpsetAdapter[] = [
  ...raiseAlignedAxes,
  raiseBatchNormSpatial,
  raiseBatchNormTraining,
  raiseClip,
  raiseDropoutMask,
  raiseDropoutRatio,
  ...integersAsInputs,
  raisePad,
  raiseResize,
  raiseRoiAlign,
  raiseScatter,
  raiseSoftmax,
  raiseTestMode,
  raiseUpsampleScales,
  raiseUpsampleToResize,
];

/** From newer opsets down to 17; a change without one keeps the model at its own opset. */
export const loweringAdapters: readonly OpsetAdapter[] = [
  ...absentAttributes,
  ...earlierModes,
  ...earlierTypes,
  lowerGridSample,
  lowerPadAxes,
  ...lowerQuantize,
  lowerReduceAxes,
  lowerSplit,
];
