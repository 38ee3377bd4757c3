import { studentQuantile } from "@fieldloop/compiler/statistics";

/** What an estimate of harm may be off by. deviceSd: of the devices' own changes · variance: of sampling */
export type Uncertainty = { readonly deviceSd: number; readonly degrees: number; readonly variance: number };

/**
 * How far the truth may lie beyond an estimate on one side, at every look at once, except with probability `tail`.
 * Half of `tail` goes to what devices do by themselves (Student's t; it does not shrink with time), half to sampling.
 * scale: the effect for which the sampling part is tightest; fixed before the first look
 */
export function reach({ deviceSd, degrees, variance }: Uncertainty, tail: number, scale: number): number {
  return quantile(1 - tail / 2, degrees) * deviceSd + samplingReach(variance, tail / 2, scale);
}

/**
 * One side of the confidence sequence that mixes over normal effects of standard deviation `scale` around none.
 * variance: of the estimate at this look · source: Robbins 1970; Howard, Ramdas, McAuliffe, Sekhon 2021, eq. 14
 */
export function samplingReach(variance: number, tail: number, scale: number): number {
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
