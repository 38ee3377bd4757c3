import type { Lane } from "./lane.ts";

/**
 * Bytes by which a lane would exceed what it may use if `size` more were appended; 0 or less when there is room. A lane that may
 * not be evicted has its reserve for a ceiling; all other bytes, beyond each lane's reserve, share what the reserves leave.
 */
export function lackingBytes(lane: Lane, size: number, lanes: Iterable<Lane>, quotaBytes: number | undefined): number {
  const reserve = lane.options.reserveBytes;
  if (reserve !== undefined && lane.options.evictable !== true) return usedBytes(lane) + size - reserve;
  if (quotaBytes === undefined) return 0;
  let shared = 0;
  let pool = quotaBytes;
  for (const other of lanes) {
    shared += sharedBytes(other, other === lane ? size : 0);
    pool -= other.options.reserveBytes ?? 0;
  }
  return shared - pool;
}

/** Bytes of a lane beyond its reserve. */
export function sharedBytes(lane: Lane, more = 0): number {
  return Math.max(0, usedBytes(lane) + more - (lane.options.reserveBytes ?? 0));
}

function usedBytes(lane: Lane): number {
  return lane.bytes + lane.queuedBytes;
}
