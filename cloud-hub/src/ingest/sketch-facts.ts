import { confidenceBins, type SketchBody } from "@fieldloop/devices";
import type { ReleaseHeads } from "./release-heads.ts";

/** Sums of a sketch that health is judged by, as columns of its row; of its primary head where the release is known. */
export type SketchSums = {
  readonly head: string | null;
  readonly confidence_sum: number;
  readonly confidence_squares: number;
  readonly class_counts: readonly number[];
  readonly log_latency_sum: number;
  readonly drop_reasons: Readonly<Record<string, number>>;
  readonly error_reasons: Readonly<Record<string, number>>;
};

/** Reads the sums off the histograms; a value stands in the middle of its bin. heads: of its release, the primary one first */
export function sketchSums(sketch: SketchBody, heads: ReleaseHeads | undefined): SketchSums {
  const name = heads?.find((head) => sketch.heads[head.name] !== undefined)?.name ?? Object.keys(sketch.heads)[0];
  const head = name === undefined ? undefined : sketch.heads[name];
  const confidence = head?.confidence ?? [];
  const middle = (bin: number) => (bin + 0.5) / confidenceBins;
  return {
    head: name ?? null,
    confidence_sum: weighted(confidence, middle),
    confidence_squares: weighted(confidence, (bin) => middle(bin) ** 2),
    class_counts: head?.counts ?? [],
    log_latency_sum: weighted(sketch.latency, (bin) => (bin + 0.5) * Math.LN2),
    drop_reasons: sketch.dropped,
    error_reasons: sketch.errorReasons ?? {},
  };
}

function weighted(counts: readonly number[], value: (bin: number) => number): number {
  return counts.reduce((sum, count, bin) => sum + count * value(bin), 0);
}
