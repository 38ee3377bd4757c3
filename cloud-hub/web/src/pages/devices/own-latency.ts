import type { CurvePoint } from "../../api/device.ts";

/** What a device's own sketches say of a release's latency. */
export type OwnLatency = { readonly p50Us: number; readonly p95Us: number; readonly frames: number };

/** The latency in the newest buckets of a release that hold a thousand frames, or all there are; undefined without any. */
export function ownLatency(points: readonly CurvePoint[], release: string): OwnLatency | undefined {
  let frames = 0;
  let [weighted50, weighted95] = [0, 0];
  for (const point of points.toReversed()) {
    const { p50, p95 } = point.latencyUs ?? { p50: null, p95: null };
    if (point.release !== release || p50 === null || p95 === null) continue;
    frames += point.frames;
    weighted50 += point.frames * Math.log(p50);
    weighted95 += point.frames * Math.log(p95);
    if (frames >= 1000) break;
  }
  if (frames === 0) return undefined;
  return { p50Us: Math.exp(weighted50 / frames), p95Us: Math.exp(weighted95 / frames), frames };
}
