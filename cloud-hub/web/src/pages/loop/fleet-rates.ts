type Point = { readonly at: number; readonly frames: number; readonly errors: number; readonly dropped: number };

/** Frames per second by bucket, over all releases; null where no device said anything. frames: how many were answered in all */
export type FleetRates = {
  readonly at: readonly number[];
  readonly answered: readonly (number | null)[];
  readonly lost: readonly (number | null)[];
  readonly frames: number;
};

/** Sums the releases of each bucket and lays them on a regular grid. points: in time order */
export function fleetRates(points: readonly Point[], bucketMs: number): FleetRates {
  const sums = new Map<number, { answered: number; lost: number }>();
  for (const { at, frames, errors, dropped } of points) {
    const sum = sums.get(at) ?? { answered: 0, lost: 0 };
    sums.set(at, { answered: sum.answered + frames, lost: sum.lost + errors + dropped });
  }
  const [first, last] = [points[0]?.at ?? 0, points.at(-1)?.at ?? 0];
  const length = points.length === 0 ? 0 : Math.round((last - first) / bucketMs) + 1;
  const at = Array.from({ length }, (_, index) => first + index * bucketMs);
  const rate = (count: number | undefined) => (count === undefined ? null : (count * 1000) / bucketMs);
  return {
    at,
    answered: at.map((start) => rate(sums.get(start)?.answered)),
    lost: at.map((start) => rate(sums.get(start)?.lost)),
    frames: points.reduce((total, { frames }) => total + frames, 0),
  };
}
