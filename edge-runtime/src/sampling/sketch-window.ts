import {
  type Answers,
  createSketch,
  observeDrop,
  observeError,
  observeFrame,
  type SketchBody,
} from "@fieldloop/devices";
import type { Plan } from "../pipeline/plan.ts";

/** One answered frame as a sketch sees it; at: ms since 1970 · luma: 0–255 · latencyUs: from frame to answer. */
export interface SketchedFrame {
  readonly at: number;
  readonly heads: Answers;
  readonly embedding: Float32Array;
  readonly luma: number;
  readonly latencyUs: number;
}

/**
 * Gathers frames of one release into windows of the policy's length, aligned to the clock; a window that saw anything is
 * handed to `onWindow` when a frame of another window comes, or on `close`.
 */
export class SketchWindow {
  readonly #plan: Plan;
  readonly #onWindow: (sketch: SketchBody) => void;
  readonly #monotonicMs: () => number;
  #sketch: SketchBody | undefined;
  #lastSeenMs = 0;

  constructor(plan: Plan, monotonicMs: () => number, onWindow: (sketch: SketchBody) => void) {
    this.#plan = plan;
    this.#monotonicMs = monotonicMs;
    this.#onWindow = onWindow;
  }

  /** Adds an answered frame. */
  observe(frame: SketchedFrame): void {
    observeFrame(this.#at(frame.at, frame.embedding.length), frame);
  }

  /** Counts a frame without an answer by its reason: an `error` where the frame itself was at fault, else a drop. */
  observeUnanswered(at: number, reason: string, kind: "error" | "drop"): void {
    const sketch = this.#at(at, this.#sketch?.embedding.mean.length ?? 0);
    if (kind === "error") observeError(sketch, reason);
    else observeDrop(sketch, reason);
  }

  /** Hands over the open window when nothing came for a window's length. */
  closeIfIdle(): void {
    if (this.#monotonicMs() - this.#lastSeenMs >= this.#plan.policy.sketchWindowMs) this.close();
  }

  /** Hands over the open window, if it saw anything. */
  close(): void {
    const sketch = this.#sketch;
    this.#sketch = undefined;
    if (sketch !== undefined) this.#onWindow(sketch);
  }

  #at(at: number, embeddingSize: number): SketchBody {
    this.#lastSeenMs = this.#monotonicMs();
    const windowMs = this.#plan.policy.sketchWindowMs;
    const windowStart = Math.floor(at / windowMs) * windowMs;
    const open = this.#sketch;
    if (open !== undefined && open.windowStart === windowStart) return resized(open, embeddingSize);
    this.close();
    const heads = Object.fromEntries(this.#plan.heads.map(({ name, classes }) => [name, classes.length]));
    this.#sketch = createSketch({ release: this.#plan.release, windowStart, windowMs, heads, embeddingSize });
    return this.#sketch;
  }
}

/** A window that only saw drops does not know the embedding's size yet. */
function resized(sketch: SketchBody, embeddingSize: number): SketchBody {
  if (sketch.embedding.n === 0 && sketch.embedding.mean.length !== embeddingSize)
    sketch.embedding = { n: 0, mean: new Float32Array(embeddingSize), m2: new Float32Array(embeddingSize) };
  return sketch;
}
