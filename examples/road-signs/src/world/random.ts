import { createHash } from "node:crypto";

/** A seeded stream of numbers: the same seed parts give the same stream on every machine. */
export interface Random {
  /** Uniform in 0 ≤ x < 1. */
  next(): number;
  /** Uniform in low ≤ x < high. */
  between(low: number, high: number): number;
  /** Standard normal. */
  normal(): number;
  /** Many standard normals at once, two from each draw. */
  normals(count: number): Float32Array;
  /** True with probability p. */
  chance(p: number): boolean;
  /** One of the items, uniformly. */
  pick<T>(items: readonly T[]): T;
  /** A shuffled copy. */
  shuffled<T>(items: readonly T[]): T[];
}

/** Starts the stream that belongs to the seed parts, for example `(7, "field", 12)` (sfc32 seeded by SHA-256). */
export function createRandom(...seedParts: readonly (string | number)[]): Random {
  const next = sfc32(createHash("sha256").update(seedParts.join("|")).digest());
  const random: Random = {
    next,
    between: (low, high) => low + (high - low) * next(),
    normal: () => normalTable[(next() * normalTable.length) | 0]!,
    normals: (count) => manyNormals(count, next),
    chance: (p) => next() < p,
    pick: (items) => items[(next() * items.length) | 0]!,
    shuffled: (items) => shuffle([...items], next),
  };
  return random;
}

function sfc32(seed: Buffer): () => number {
  let [a, b, c, d] = [0, 4, 8, 12].map((at) => seed.readInt32LE(at)) as [number, number, number, number];
  return () => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 2 ** 32;
  };
}

function manyNormals(count: number, next: () => number): Float32Array {
  const values = new Float32Array(count + (count % 2));
  for (let at = 0; at < count; at += 2) {
    const bits = Math.floor(next() * normalTable.length ** 2);
    values[at] = normalTable[bits % normalTable.length]!;
    values[at + 1] = normalTable[(bits / normalTable.length) | 0]!;
  }
  return values.subarray(0, count);
}

function shuffle<T>(items: T[], next: () => number): T[] {
  for (let last = items.length - 1; last > 0; last--) {
    const other = (next() * (last + 1)) | 0;
    [items[last], items[other]] = [items[other]!, items[last]!];
  }
  return items;
}

const normalTable = ((): Float32Array => {
  const next = sfc32(createHash("sha256").update("normal table").digest());
  const size = 1 << 15;
  return Float32Array.from({ length: size }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - next()));
    return radius * Math.cos(2 * Math.PI * next());
  });
})();
