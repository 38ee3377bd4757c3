/** Lengths of the buckets that counts and sketches are kept in, in ms. */
export const rollupLevels = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;
export type RollupLevel = (typeof rollupLevels)[keyof typeof rollupLevels];

/** Every level, finest first. */
export const everyLevel: readonly RollupLevel[] = [rollupLevels.minute, rollupLevels.hour, rollupLevels.day];

/** Where the bucket of a moment begins. */
export const bucketStart = (at: number, level: number): number => at - (at % level);

/** The finest level whose buckets over a span are at most so many; days where none is. */
export function levelFor(spanMs: number, bucketsAtMost: number): RollupLevel {
  return everyLevel.find((level) => spanMs / level <= bucketsAtMost) ?? rollupLevels.day;
}
