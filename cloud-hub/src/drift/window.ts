import { confidenceBins, lumaBins, type SketchBody } from "@fieldloop/devices";

/** What drift looks at in a window of frames: counts per bin of each head's confidence and of luma, and embedding sums. */
export type WindowSummary = {
  readonly frames: number;
  /** By head: counts per confidence bin. */
  readonly confidence: Readonly<Record<string, readonly number[]>>;
  readonly luma: readonly number[];
  /** Sum of the embeddings; divided by `frames` it is their mean. */
  readonly embeddingSum: readonly number[];
};

/** One frame as drift sees it. luma: mean, 0–255 */
export type FrameFacts = {
  readonly confidence: Readonly<Record<string, number>>;
  readonly luma: number;
  readonly embedding: ArrayLike<number>;
};

/** Summarises the frames of one track. */
export function summariseFrames(frames: readonly FrameFacts[]): WindowSummary {
  const heads = Object.keys(frames[0]?.confidence ?? {});
  const size = frames[0]?.embedding.length ?? 0;
  const embeddingSum = new Array<number>(size).fill(0);
  for (const frame of frames) {
    for (let index = 0; index < size; index += 1) embeddingSum[index]! += frame.embedding[index] ?? 0;
  }
  const confidence = Object.fromEntries(
    heads.map((head) => [head, histogram(frames, confidenceBins, (frame) => frame.confidence[head] ?? 0)]),
  );
  return {
    frames: frames.length,
    confidence,
    luma: histogram(frames, lumaBins, (frame) => frame.luma / 256),
    embeddingSum,
  };
}

/** What drift looks at in a sketch that a device sent. */
export function summariseSketch(sketch: SketchBody): WindowSummary {
  const { n, mean } = sketch.embedding;
  return {
    frames: sketch.frames,
    confidence: Object.fromEntries(Object.entries(sketch.heads).map(([name, head]) => [name, head.confidence])),
    luma: sketch.luma,
    embeddingSum: Array.from(mean, (value) => value * n),
  };
}

/** The summary of both windows together, each counted `weight` times. */
export function addSummaries(
  parts: readonly { readonly summary: WindowSummary; readonly weight: number }[],
): WindowSummary {
  const first = parts[0]?.summary;
  const sum = (read: (summary: WindowSummary) => readonly number[]): number[] => {
    const total = new Array<number>(first === undefined ? 0 : read(first).length).fill(0);
    for (const { summary, weight } of parts) {
      const values = read(summary);
      for (let index = 0; index < total.length; index += 1) total[index]! += weight * (values[index] ?? 0);
    }
    return total;
  };
  const heads = Object.keys(first?.confidence ?? {});
  return {
    frames: parts.reduce((frames, { summary, weight }) => frames + weight * summary.frames, 0),
    confidence: Object.fromEntries(heads.map((head) => [head, sum((summary) => summary.confidence[head] ?? [])])),
    luma: sum((summary) => summary.luma),
    embeddingSum: sum((summary) => summary.embeddingSum),
  };
}

function histogram(frames: readonly FrameFacts[], bins: number, share: (frame: FrameFacts) => number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (const frame of frames) counts[Math.max(0, Math.min(bins - 1, Math.floor(share(frame) * bins)))]! += 1;
  return counts;
}
