import tQuantile from "@stdlib/stats-base-dists-t-quantile";

/** The quantile of Student's t at `share` (0–1) with `degrees` of freedom, which need not be whole. */
export function studentQuantile(share: number, degrees: number): number {
  return tQuantile(share, degrees);
}
