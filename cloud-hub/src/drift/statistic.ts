import type { WindowSummary } from "./window.ts";

/** Spread of each embedding component in the reference, by which distances are measured. */
export type Scale = readonly number[];

/**
 * How far a window lies from a reference, part by part.
 * `confidence:<head>` and `luma`: area between the cumulative histograms, in shares of the range (Wasserstein-1) ·
 * `embedding`: root mean square over components of the distance of means, in reference standard deviations
 */
export function distances(window: WindowSummary, reference: WindowSummary, scale: Scale): Record<string, number> {
  const parts: Record<string, number> = {};
  for (const head of Object.keys(reference.confidence)) {
    parts[`confidence:${head}`] = cumulativeDistance(window.confidence[head] ?? [], reference.confidence[head] ?? []);
  }
  parts.luma = cumulativeDistance(window.luma, reference.luma);
  if (reference.embeddingSum.length > 0 && window.embeddingSum.length === reference.embeddingSum.length) {
    parts.embedding = meanDistance(window, reference, scale);
  }
  return parts;
}

/** Area between two cumulative histograms over a range of length 1. */
export function cumulativeDistance(a: readonly number[], b: readonly number[]): number {
  const totalA = sum(a) || 1;
  const totalB = sum(b) || 1;
  let cumulative = 0;
  let area = 0;
  for (let index = 0; index < b.length; index += 1) {
    cumulative += (a[index] ?? 0) / totalA - (b[index] ?? 0) / totalB;
    area += Math.abs(cumulative);
  }
  return area / b.length;
}

function meanDistance(window: WindowSummary, reference: WindowSummary, scale: Scale): number {
  let total = 0;
  for (let index = 0; index < reference.embeddingSum.length; index += 1) {
    const difference =
      (window.embeddingSum[index] ?? 0) / Math.max(1, window.frames) -
      (reference.embeddingSum[index] ?? 0) / Math.max(1, reference.frames);
    total += (difference / (scale[index] ?? 1)) ** 2;
  }
  return Math.sqrt(total / reference.embeddingSum.length);
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
