import {
  type Answers,
  type Context,
  encodeMessage,
  type PredictionsBody,
  type SampleBody,
  type SketchBody,
} from "@fieldloop/devices";
import type { RawImage } from "../operators/index.ts";
import type { FrameAnswer } from "../pipeline/frame-answer.ts";
import type { Plan } from "../pipeline/plan.ts";
import type { AuditReserve } from "./audit-reserve.ts";
import type { LaneWriter } from "./lane-writer.ts";
import { PredictionBatch } from "./prediction-batch.ts";
import { sampleImage } from "./sample-image.ts";
import { type SampleChoice, Sampler } from "./sampler.ts";
import { SketchWindow } from "./sketch-window.ts";

/** An answered frame on its way out; at: ms since 1970 · image: as it came. */
export interface RecordedFrame {
  readonly frame: number;
  readonly at: number;
  readonly image: Uint8Array | RawImage;
  readonly context: Context;
  readonly answer: FrameAnswer;
  readonly decision?: string;
  readonly latencyUs: number;
}

/** What a recorder writes to and measures by. */
export interface RecorderParts {
  readonly writer: LaneWriter;
  readonly reserve: AuditReserve;
  readonly device: string;
  readonly epoch: string;
  readonly monotonicMs: () => number;
}

const predictionPriority = 0.3;
const sketchPriority = 2;
const longestText = 256;

/** Samples, predictions and sketches of the frames that one release answered. */
export class FrameRecorder {
  readonly plan: Plan;
  readonly #parts: RecorderParts;
  readonly #sampler: Sampler;
  readonly #predictions: PredictionBatch;
  readonly #sketches: SketchWindow;

  constructor(plan: Plan, parts: RecorderParts, previous: FrameRecorder | undefined) {
    this.plan = plan;
    this.#parts = parts;
    this.#sampler = new Sampler({
      policy: plan.policy,
      device: parts.device,
      epoch: parts.epoch,
      halvings: () => parts.reserve.halvings,
      monotonicMs: parts.monotonicMs,
      previous: previous?.sampler,
    });
    this.#predictions = new PredictionBatch(plan.release, plan.policy.predictions, (body) => this.#writeBatch(body));
    this.#sketches = new SketchWindow(plan, parts.monotonicMs, (body) => this.#writeSketch(body));
  }

  get sampler(): Sampler {
    return this.#sampler;
  }

  /** Records one answered frame; frames must come in order. */
  record(frame: RecordedFrame): void {
    const heads = answersOf(frame.answer);
    if (this.plan.samples) {
      this.#parts.reserve.recover(this.#sampler.audit, frame.frame);
      const choice = this.#sampler.choose(frame.frame, frame.answer.heads);
      if (choice !== undefined) this.#keep(frame, heads, choice);
    }
    if (!this.plan.reports) return;
    const { at, latencyUs, decision, context } = frame;
    const track = context.track === undefined ? undefined : String(context.track).slice(0, longestText);
    const texts = optional({ track, decision: decision?.slice(0, longestText) });
    this.#predictions.add({ frame: frame.frame, at, heads, latencyUs, ...texts });
    this.#sketches.observe({ at, heads, latencyUs, embedding: frame.answer.embedding, luma: frame.answer.luma });
  }

  /** Counts a frame that this release did not answer. */
  recordUnanswered(at: number, reason: string, kind: "error" | "drop"): void {
    if (this.plan.reports) this.#sketches.observeUnanswered(at, reason, kind);
  }

  /** Called about once a second: sends gathered predictions on their way, and an idle sketch. */
  tick(): void {
    this.#predictions.flush();
    this.#sketches.closeIfIdle();
  }

  /** Sends everything gathered on its way. */
  close(): void {
    this.#predictions.flush();
    this.#sketches.close();
  }

  #keep(frame: RecordedFrame, heads: Answers, choice: SampleChoice): void {
    const { writer } = this.#parts;
    if (!writer.hasRoom(choice.lane)) return;
    const store = () => this.#store(frame, heads, choice);
    const kept = choice.lane === "audit" ? this.#parts.reserve.keep(frame.frame, store) : store();
    const stored = kept.catch((error: unknown) => {
      const code = (error as { code?: unknown }).code;
      writer.lose(choice.lane, typeof code === "string" ? code : "image-unreadable");
    });
    void writer.watch(stored);
  }

  async #store(frame: RecordedFrame, heads: Answers, choice: SampleChoice): Promise<void> {
    const { reserve, writer } = this.#parts;
    const { lane, priority } = choice;
    const body = await this.#sampleBody(frame, heads, choice);
    const payload = encodeMessage("sample", body);
    choice.charge(payload.byteLength);
    const record = { lane, kind: "sample", at: frame.at, priority, payload } as const;
    if (lane === "audit") await reserve.write(writer, this.#sampler.audit, record);
    else await writer.write(record);
  }

  async #sampleBody(frame: RecordedFrame, heads: Answers, choice: SampleChoice): Promise<SampleBody> {
    return {
      v: 1,
      release: this.plan.release,
      frame: frame.frame,
      at: frame.at,
      image: await sampleImage(frame.image),
      reasons: [...choice.reasons],
      inclusionProbability: choice.inclusionProbability,
      heads,
      embedding: frame.answer.embedding,
      luma: frame.answer.luma,
      context: frame.context,
    };
  }

  #writeBatch(body: PredictionsBody): void {
    const at = body.items[0]?.at ?? 0;
    const payload = encodeMessage("predictions", body);
    void this.#parts.writer.write({
      lane: "predictions",
      kind: "predictions",
      at,
      priority: predictionPriority,
      payload,
    });
  }

  #writeSketch(body: SketchBody): void {
    const at = body.windowStart;
    const payload = encodeMessage("sketch", body);
    void this.#parts.writer.write({ lane: "sketches", kind: "sketch", at, priority: sketchPriority, payload });
  }
}

function answersOf({ heads }: FrameAnswer): Answers {
  const entries = Object.entries(heads);
  return Object.fromEntries(
    entries.map(([name, { index, confidence, margin }]) => [name, { index, confidence, margin }]),
  );
}

function optional<T extends Record<string, unknown>>(values: T): Partial<T> {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as Partial<T>; // the same keys, those without a value left out
}
