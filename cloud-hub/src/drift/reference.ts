import type { Random } from "@fieldloop/compiler/statistics";
import { distances, type Scale } from "./statistic.ts";
import { addSummaries, type FrameFacts, summariseFrames, type WindowSummary } from "./window.ts";

/** How many frames a followed track holds on a device; windows are made of whole tracks. */
export const framesPerTrack = 8;
/** Window sizes, in frames, for which limits are kept; a window is judged by the largest that it fills. */
export const windowSizes = [32, 72, 152, 600] as const;
/** How far beyond the null's own 99.9 % quantile a statistic must go. */
export const safetyFactor = 1.25;

/** Limits never fall below these: a model that is always sure would otherwise call a hair's breadth a drift. */
const leastLimits = { confidence: 0.02, luma: 0.01, embedding: 0.1 };

const resamples = 4000;
const quantile = 0.999;

/**
 * What a version looks like on inputs it was made for, and how much windows of such inputs differ by chance.
 * domain: `old`, or `field` once the version was trained on field data · limits: per window size, per part: the 99.9 %
 * quantile of the statistic under resampled tracks, times the safety factor
 */
export type DriftReference = {
  readonly domain: string;
  readonly tracks: number;
  readonly summary: WindowSummary;
  readonly scale: Scale;
  readonly limits: readonly { readonly frames: number; readonly parts: Readonly<Record<string, number>> }[];
};

/**
 * Builds a reference from frames grouped by track.
 * The null draws whole tracks for the window and, since the reference itself is a finite draw, for the reference too; a
 * track that holds fewer than eight frames counts as eight of its kind, so that windows stay as correlated as a device's.
 */
export function buildReference(
  domain: string,
  tracks: readonly (readonly FrameFacts[])[],
  random: Random,
): DriftReference {
  const filled = tracks.filter((frames) => frames.length > 0);
  const units = filled.map((frames) => {
    const summary = summariseFrames(frames);
    return { summary, weight: Math.max(1, framesPerTrack / summary.frames) };
  });
  const scale = spreadOf(filled.flat());
  const limits = nullLimits(units, scale, random);
  return { domain, tracks: units.length, summary: addSummaries(units), scale, limits };
}

type Unit = { readonly summary: WindowSummary; readonly weight: number };

function nullLimits(units: readonly Unit[], scale: Scale, random: Random): DriftReference["limits"] {
  const seen = windowSizes.map((frames) => ({ frames, parts: new Map<string, number[]>() }));
  for (let round = 0; round < resamples; round += 1) {
    const reference = addSummaries(draw(units, units.length, random));
    for (const { frames, parts } of seen) {
      const window = addSummaries(draw(units, Math.floor(frames / framesPerTrack), random));
      for (const [part, value] of Object.entries(distances(window, reference, scale))) {
        const values = parts.get(part);
        if (values === undefined) parts.set(part, [value]);
        else values.push(value);
      }
    }
  }
  return seen.map(({ frames, parts }) => ({
    frames,
    parts: Object.fromEntries(
      [...parts].map(([part, values]) => [part, Math.max(upperQuantile(values) * safetyFactor, leastLimit(part))]),
    ),
  }));
}

function leastLimit(part: string): number {
  if (part === "luma" || part === "embedding") return leastLimits[part];
  return leastLimits.confidence;
}

function draw(units: readonly Unit[], count: number, random: Random): Unit[] {
  return Array.from({ length: count }, () => units[Math.floor(random() * units.length)]!);
}

function upperQuantile(values: number[]): number {
  values.sort((a, b) => a - b);
  return values[Math.min(values.length - 1, Math.floor(quantile * values.length))] ?? 0;
}

function spreadOf(frames: readonly FrameFacts[]): number[] {
  const size = frames[0]?.embedding.length ?? 0;
  return Array.from({ length: size }, (_, index) => {
    const mean = frames.reduce((total, frame) => total + (frame.embedding[index] ?? 0), 0) / frames.length;
    const variance =
      frames.reduce((total, frame) => total + ((frame.embedding[index] ?? 0) - mean) ** 2, 0) / frames.length;
    return Math.max(Math.sqrt(variance), 1e-3);
  });
}
