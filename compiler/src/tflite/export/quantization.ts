import type { QuantParameters } from "../../quantize/quant-plan.ts";
import type { TfliteQuantization } from "../tflite-model.ts";

/** A plan's parameters as TFLite writes them. */
export function quantizationOf({ scale, zeroPoint, axis = 0 }: QuantParameters): TfliteQuantization {
  return { scale, zeroPoint: Array.from(scale, () => zeroPoint), axis };
}

/** Whether parameters are those that TFLite fixes. */
export function hasScale(
  { scale, zeroPoint }: QuantParameters,
  fixed: { readonly scale: number; readonly zeroPoint: number },
) {
  return scale[0] === Math.fround(fixed.scale) && zeroPoint === fixed.zeroPoint;
}

/** Whether integers of one stand for the same reals as those of the other. */
export function sameQuantization(left: TfliteQuantization | undefined, right: TfliteQuantization): boolean {
  return left !== undefined && `${left.scale} ${left.zeroPoint}` === `${right.scale} ${right.zeroPoint}`;
}
