/**
 * The wait before attempt n+1 after n failures in a row: uniform between 0 and min(most, first · 2^n) milliseconds
 * ("full jitter"), so that a fleet does not come back at once.
 * random: uniform in [0, 1)
 */
export function fullJitterMs(
  failures: number,
  random: () => number,
  { firstMs = 500, mostMs = 60_000 }: { readonly firstMs?: number; readonly mostMs?: number } = {},
): number {
  return random() * Math.min(mostMs, firstMs * 2 ** Math.min(failures, 30));
}
