import { DevicesError } from "../errors.ts";
import type { Answers } from "../messages/prediction.ts";
import { confidenceBins, latencyBins, lumaBins, type SketchBody } from "../messages/sketch.ts";
import { mergeMoments, observeMoments } from "./moments.ts";

/** A sketch of no frames, of which windows and observations are made. */
export function createSketch(options: {
  readonly release: string;
  readonly windowStart: number;
  readonly windowMs: number;
  /** Number of classes by head name. */
  readonly heads: Readonly<Record<string, number>>;
  readonly embeddingSize: number;
}): SketchBody {
  const heads: SketchBody["heads"] = {};
  for (const [name, classes] of Object.entries(options.heads)) {
    heads[name] = { counts: zeros(classes), confidence: zeros(confidenceBins) };
  }
  return {
    v: 1,
    release: options.release,
    windowStart: options.windowStart,
    windowMs: options.windowMs,
    frames: 0,
    errors: 0,
    dropped: {},
    heads,
    luma: zeros(lumaBins),
    latency: zeros(latencyBins),
    embedding: { n: 0, mean: new Float32Array(options.embeddingSize), m2: new Float32Array(options.embeddingSize) },
  };
}

/** Adds one answered frame to a sketch in place. luma: mean of the frame, 0–255 · latencyUs: from frame to answer */
export function observeFrame(
  sketch: SketchBody,
  frame: {
    readonly heads: Answers;
    readonly embedding: Float32Array;
    readonly luma: number;
    readonly latencyUs: number;
  },
): void {
  sketch.frames += 1;
  for (const [name, answer] of Object.entries(frame.heads)) {
    const head = sketch.heads[name];
    if (head === undefined || answer.index >= head.counts.length) continue;
    increment(head.counts, answer.index);
    increment(head.confidence, bin(answer.confidence, confidenceBins));
  }
  increment(sketch.luma, bin(frame.luma / 256, lumaBins));
  increment(sketch.latency, Math.min(latencyBins - 1, Math.floor(Math.log2(Math.max(1, frame.latencyUs)))));
  observeMoments(sketch.embedding, frame.embedding);
}

/** Counts a frame that got no answer though nothing was wrong with it, with its reason. */
export function observeDrop(sketch: SketchBody, reason: string): void {
  sketch.dropped[reason] = (sketch.dropped[reason] ?? 0) + 1;
}

/** Counts a frame that got no answer because of what it was or what came out of it, with its reason. */
export function observeError(sketch: SketchBody, reason: string): void {
  sketch.errors += 1;
  const reasons = sketch.errorReasons ?? {};
  sketch.errorReasons = { ...reasons, [reason]: (reasons[reason] ?? 0) + 1 };
}

/**
 * The sketch of both windows together; commutative and associative up to float32 rounding.
 * @throws {DevicesError} `sketch-mismatch` when release, heads or embedding size differ
 */
export function mergeSketches(a: SketchBody, b: SketchBody): SketchBody {
  requireSameShape(a, b);
  const start = Math.min(a.windowStart, b.windowStart);
  const end = Math.max(a.windowStart + a.windowMs, b.windowStart + b.windowMs);
  const heads: SketchBody["heads"] = {};
  for (const [name, head] of Object.entries(a.heads)) {
    const other = b.heads[name];
    if (other === undefined) continue;
    heads[name] = { counts: add(head.counts, other.counts), confidence: add(head.confidence, other.confidence) };
  }
  const knowsReasons = a.errorReasons !== undefined || b.errorReasons !== undefined;
  return {
    v: 1,
    release: a.release,
    windowStart: start,
    windowMs: end - start,
    frames: a.frames + b.frames,
    errors: a.errors + b.errors,
    ...(knowsReasons ? { errorReasons: addCounts(a.errorReasons ?? {}, b.errorReasons ?? {}) } : {}),
    dropped: addCounts(a.dropped, b.dropped),
    heads,
    luma: add(a.luma, b.luma),
    latency: add(a.latency, b.latency),
    embedding: mergeMoments(a.embedding, b.embedding),
  };
}

function requireSameShape(a: SketchBody, b: SketchBody): void {
  const shape = (sketch: SketchBody) =>
    [
      sketch.release,
      ...Object.entries(sketch.heads)
        .map(([name, head]) => `${name}:${head.counts.length}`)
        .sort(),
      sketch.embedding.mean.length,
    ].join(" ");
  if (shape(a) === shape(b)) return;
  throw new DevicesError(
    "sketch-mismatch",
    `Expected two sketches of one release with equal heads, got "${shape(a)}" and "${shape(b)}"; merge sketches per release.`,
  );
}

function addCounts(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const sum = { ...a };
  for (const [reason, count] of Object.entries(b)) sum[reason] = (sum[reason] ?? 0) + count;
  return sum;
}

const zeros = (length: number): number[] => new Array<number>(length).fill(0);
const bin = (share: number, bins: number): number => Math.max(0, Math.min(bins - 1, Math.floor(share * bins)));
const add = (a: readonly number[], b: readonly number[]): number[] => a.map((value, index) => value + (b[index] ?? 0));

function increment(counts: number[], index: number): void {
  counts[index] = (counts[index] ?? 0) + 1;
}
