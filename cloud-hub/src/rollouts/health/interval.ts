import { studentQuantile } from "@fieldloop/compiler/statistics";

/** What an estimate of harm may be off by. deviceSd: of the devices' own changes · variance: of sampling */
export type Uncertainty = { readonly deviceSd: number; readonly degrees: number; readonly variance: number };

/**
 * How far the truth may lie beyond an estimate on one side, at every look at once, except with probability `tail`.
 * What devices do by themselves is one draw that all looks share, so it adds to the variance of each and does not shrink with
 * time; it is widened as Student's t is wider than the normal, because it was estimated.
 * scale: the effect for which the bound is tightest; fixed before the first look
 */
export function reach({ deviceSd, degrees, variance }: Uncertainty, tail: number, scale: number): number {
  const widening = quantile(1 - tail, degrees) / quantile(1 - tail, manyDegrees);
  return sequenceReach((deviceSd * widening) ** 2 + variance, tail, scale);
}

/** As many degrees of freedom as make Student's t the normal. */
const manyDegrees = 1e7;

/**
 * One side of the confidence sequence that mixes over normal effects of standard deviation `scale` around none. It holds
 * where the covariance of two looks is the variance of the later one, which means and shared draws keep.
 * variance: of the estimate at this look · source: Robbins 1970; Howard, Ramdas, McAuliffe, Sekhon 2021, eq. 14
 */
export function sequenceReach(variance: number, tail: number, scale: number): number {
  if (variance <= 0) return 0;
  const information = 1 / variance;
  const prior = 1 / scale ** 2;
  const total = information + prior;
  return Math.sqrt(2 * total * Math.log1p(Math.sqrt(total / prior) / (2 * tail))) / information;
}

const known = new Map<string, number>();

function quantile(share: number, degrees: number): number {
  const key = `${share} ${degrees}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  if (known.size >= 1000) known.clear();
  const value = studentQuantile(share, degrees);
  known.set(key, value);
  return value;
}
