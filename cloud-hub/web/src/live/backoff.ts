/** Least and most time between two attempts. An attempt is two connections, so the least keeps a tab at two in any second. */
const leastMs = 1100;
const mostMs = 15_000;

/**
 * How long to wait before the attempt after `failures` failed ones: doubling from 1 s to 15 s, spread over half to one and a
 * half of it, so that many tabs do not come back at once.
 * random: from 0 to 1
 */
export function waitBeforeAttempt(failures: number, random: number): number {
  const middle = Math.min(mostMs, 1000 * 2 ** Math.max(0, failures - 1));
  return Math.max(leastMs, Math.round(middle * (0.5 + random)));
}
