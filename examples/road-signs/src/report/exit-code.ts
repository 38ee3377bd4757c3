import type { LoopReport } from "./loop-report.ts";

/** Bad releases that every run offers: a flipped byte, a wrong key, another profile, failing golden samples, a replay. */
export const badReleaseCount = 5;

/**
 * What `--once` exits with: 0 when v2 was released, all bad ones were refused or stopped and no frame went unanswered; 3 when
 * the gate refused v2; else 1.
 */
export function exitCodeOf({ outcome, refusedReleases, swap, brokenRelease, badRelease }: LoopReport): 0 | 1 | 3 {
  if (outcome === "gate-refused") return 3;
  const refused = refusedReleases.filter((release) => release.refused).length;
  const allRefused = refused >= badReleaseCount && refused === refusedReleases.length;
  const brokenNeverRan = brokenRelease?.cause === "cannot-start" && brokenRelease.framesAnswered === 0;
  const harmWasStopped = badRelease?.cause === "harm" && badRelease.waves[1]?.state === "waiting";
  return allRefused && brokenNeverRan && harmWasStopped && swap.unanswered === 0 ? 0 : 1;
}
