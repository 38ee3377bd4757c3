import type { Tensor } from "../graph/tensor.ts";
import { roundPreservingSums } from "./sum-preserving-rounding.ts";
import { channelsAlong, kernelSize } from "./weight-channels.ts";

const candidates = 24;
const candidateStep = 0.004;
/** What an error counts for: of the channel's sum 1, of a kernel's sum and of a single weight less. */
const kernelShare = 0.1;
const weightShare = 0.2;
/** The search takes longest of all that compiling does, and several targets ask for the same weights. */
const chosen = new WeakMap<Tensor, Map<string, Float32Array>>();

/**
 * Chooses one scale per channel along `axis`: the smallest that holds the channel's largest weight, or one up to 9 % wider
 * under which rounding loses less. Above all the channel's sum is to be met, which dark input, −1 everywhere, sees alone.
 * largest: the greatest integer on either side · a channel of zeros gets 1
 */
export function channelScales(weight: Tensor, axis: number, largest: number): Float32Array {
  const known = chosen.get(weight) ?? new Map<string, Float32Array>();
  chosen.set(weight, known);
  const scales = known.get(`${axis} ${largest}`) ?? searchedScales(weight, axis, largest);
  known.set(`${axis} ${largest}`, scales);
  return scales.slice();
}

function searchedScales(weight: Tensor, axis: number, largest: number): Float32Array {
  const kernel = kernelSize(weight.shape, axis);
  return Float32Array.from(channelsAlong(weight, axis), (values) => {
    const peak = values.reduce((high, value) => Math.max(high, Math.abs(value)), 0);
    return peak === 0 ? 1 : bestScale(values, kernel, { tightest: Math.max(peak / largest, 1e-30), largest });
  });
}

function bestScale(
  values: Float64Array,
  kernel: number,
  { tightest, largest }: { tightest: number; largest: number },
): number {
  let best = tightest;
  let least = Infinity;
  for (let candidate = 0; candidate < candidates; candidate += 1) {
    const scale = Math.fround(tightest * (1 + candidate * candidateStep));
    const loss = roundingLoss(values, kernel, { scale, largest });
    if (loss < least) [best, least] = [scale, loss];
  }
  return best;
}

function roundingLoss(
  values: Float64Array,
  kernel: number,
  { scale, largest }: { scale: number; largest: number },
): number {
  const scaled = new Float64Array(values.length);
  for (let place = 0; place < values.length; place += 1) scaled[place] = values[place]! / scale;
  const rounded = roundPreservingSums(scaled, kernel, largest);
  let [channelError, kernelLoss, weightLoss] = [0, 0, 0];
  for (let start = 0; start < values.length; start += kernel) {
    let kernelError = 0;
    for (let place = start; place < start + kernel; place += 1) {
      const error = rounded[place]! * scale - values[place]!;
      kernelError += error;
      weightLoss += error * error;
    }
    channelError += kernelError;
    kernelLoss += kernelError * kernelError;
  }
  return channelError * channelError + kernelShare * kernelLoss + weightShare * weightLoss;
}
