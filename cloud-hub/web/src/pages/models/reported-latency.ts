import type { ListedRelease } from "../../api/release.ts";

/** One bucket of what a device reported. latencyUs: quantiles to a factor of two · frames: behind them */
export type LatencyPoint = {
  readonly frames: number;
  readonly latencyUs?: { readonly p50: number | null; readonly p95: number | null };
};

/** The profiles that releases give a target to. */
export function profilesOf(target: string, releases: readonly Pick<ListedRelease, "profiles">[]): readonly string[] {
  const named = releases.flatMap(({ profiles }) =>
    Object.entries(profiles).flatMap(([profile, choice]) => (choice.target === target ? [profile] : [])),
  );
  return [...new Set(named)].sort();
}

/** A device's latency over several buckets: the middle one by frames; undefined where it reported none. */
export function reportedLatency(
  points: readonly LatencyPoint[],
): { p50Us: number; p95Us: number; frames: number } | undefined {
  const known = points.flatMap(({ frames, latencyUs }) =>
    latencyUs?.p50 == null || latencyUs.p95 === null || frames === 0
      ? []
      : [{ frames, p50: latencyUs.p50, p95: latencyUs.p95 }],
  );
  if (known.length === 0) return undefined;
  const frames = known.reduce((sum, point) => sum + point.frames, 0);
  const middle = (value: (point: (typeof known)[number]) => number): number => {
    let before = 0;
    for (const point of known.toSorted((a, b) => value(a) - value(b))) {
      before += point.frames;
      if (before >= frames / 2) return value(point);
    }
    return Number.NaN;
  };
  return { p50Us: middle(({ p50 }) => p50), p95Us: middle(({ p95 }) => p95), frames };
}
