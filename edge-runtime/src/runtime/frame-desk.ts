import type { Lane } from "@fieldloop/devices";
import { EdgeRuntimeError } from "../errors.ts";
import { answerFrame, type FrameAnswer } from "../pipeline/frame-answer.ts";
import type { FrameCounter } from "../pipeline/frame-counter.ts";
import { Mailbox, type MailboxPolicy } from "../pipeline/mailbox.ts";
import { RuleState } from "../pipeline/rule-state.ts";
import type { LoadedRelease, ReleaseStore } from "../releases/index.ts";
import { FrameRecorder, type RecordedFrame, type RecorderParts } from "../sampling/frame-recorder.ts";
import { checkFrame, type Frame, type Prediction } from "./frame.ts";
import { count, type Tallies } from "./tallies.ts";
import { type Turn, Turns } from "./turns.ts";

/** What a desk works with. */
export interface DeskParts extends RecorderParts {
  readonly releases: ReleaseStore;
  readonly counter: FrameCounter;
  readonly tallies: Tallies;
  readonly clock: () => number;
  readonly mailbox?: { readonly waiting?: number; readonly policy?: MailboxPolicy };
  /** Told of each record that could not be made or numbered. */
  readonly onLost: (lane: Lane, reason: string) => void;
  /** Told when another release answered its first frame. */
  readonly onSwap?: () => void;
}

const concurrentFrames = 2;
const tickMs = 1_000;

/** Takes frames, has them answered by the release that runs, records them in order, and counts every one. */
export class FrameDesk {
  readonly #parts: DeskParts;
  readonly #mailbox: Mailbox;
  readonly #turns = new Turns();
  readonly #timer: NodeJS.Timeout;
  #recorder: FrameRecorder | undefined;
  #rules: RuleState | undefined;
  #answering: string | undefined;
  #isClosed = false;

  constructor(parts: DeskParts) {
    this.#parts = parts;
    const { waiting = 32, policy = "block" } = parts.mailbox ?? {};
    this.#mailbox = new Mailbox({ concurrent: concurrentFrames, waiting, policy });
    this.#timer = setInterval(() => this.#guard(() => this.#recorder?.tick()), tickMs).unref();
  }

  /** Frames in work or in line. */
  get inWork(): number {
    return this.#mailbox.size;
  }

  /** The audit lane's rate under the release that answered last, `null` before the first frame. */
  get auditRate(): number | null {
    return this.#recorder?.sampler.audit.rate ?? null;
  }

  /** Answers one frame, or counts it with its reason and throws. */
  async infer(frame: Frame): Promise<Prediction> {
    const { tallies, clock, monotonicMs } = this.#parts;
    const startedMs = monotonicMs();
    let at = Math.round(clock());
    tallies.frames.frames += 1;
    try {
      if (this.#isClosed) throw new EdgeRuntimeError("runtime-closed", "This runtime is closed; open it again.");
      checkFrame(frame);
      at = Math.round(frame.at ?? at);
      const prediction = await this.#mailbox.enter(() => this.#answer(frame, at, startedMs));
      tallies.frames.answered += 1;
      return prediction;
    } catch (error) {
      this.#countUnanswered(error, at);
      throw error;
    }
  }

  /** Takes no more frames and waits for those it took. */
  async drain(): Promise<void> {
    this.#isClosed = true;
    await this.#mailbox.drained();
    clearInterval(this.#timer);
  }

  /** Sends everything gathered on its way. */
  flush(): void {
    this.#guard(() => this.#recorder?.close());
  }

  async #answer(frame: Frame, at: number, startedMs: number): Promise<Prediction> {
    const { releases, counter, device, epoch, monotonicMs } = this.#parts;
    const release = releases.acquire();
    if (release === undefined) throw noRelease(device);
    const turn = this.#turns.take();
    const { frame: number, isReserved } = counter.next();
    try {
      const answer = await this.#answerInTurn(release, frame, turn);
      const decision = this.#decide(frame, answer);
      const latencyUs = Math.max(0, Math.round((monotonicMs() - startedMs) * 1000));
      const answered = { frame: number, at, latencyUs, ...(decision === undefined ? {} : { decision }) };
      this.#record({ ...answered, image: frame.image, context: frame.context ?? {}, answer }, isReserved);
      const { heads, embedding } = answer;
      return { id: `${epoch}-${number}`, release: release.digest, heads, embedding, ...answered };
    } finally {
      turn.end();
      release.release();
    }
  }

  /** A frame counts for the release that took it, also when that gave no answer. */
  async #answerInTurn(release: LoadedRelease, frame: Frame, turn: Turn): Promise<FrameAnswer> {
    let answer: FrameAnswer;
    try {
      answer = await answerFrame(release, frame.image);
    } finally {
      await turn.comes;
      this.#recordBy(release);
    }
    if (this.#answering !== release.digest) {
      this.#answering = release.digest;
      this.#parts.tallies.swapped(release.digest);
      this.#parts.onSwap?.();
    }
    return answer;
  }

  /** Starts recording under a release at its first frame; what the one before gathered goes on its way. */
  #recordBy({ digest, plan }: LoadedRelease): void {
    if (this.#recorder?.plan.release === digest) return;
    this.flush();
    this.#recorder = new FrameRecorder(plan, this.#parts, this.#recorder);
    this.#rules = new RuleState(plan.rules);
  }

  #decide({ context }: Frame, { heads }: FrameAnswer): string | undefined {
    const decisions = Object.entries(this.#rules?.observe(String(context?.track ?? ""), heads) ?? {});
    if (decisions.length <= 1) return decisions[0]?.[1];
    return decisions.map(([rule, decision]) => `${rule}=${decision}`).join(" ");
  }

  #record(frame: RecordedFrame, isReserved: boolean): void {
    if (isReserved) this.#guard(() => this.#recorder?.record(frame));
    else this.#parts.onLost("predictions", "frame-number-unsaved");
  }

  /** Recording must not take an answer away: what fails there is counted. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      const { code } = error as { code?: unknown };
      this.#parts.onLost("predictions", typeof code === "string" ? code : "internal-error");
    }
  }

  #countUnanswered(error: unknown, at: number): void {
    const code = error instanceof EdgeRuntimeError ? error.code : "internal-error";
    count(this.#parts.tallies.frames.unanswered, code);
    const isFrameAtFault = code.startsWith("image-") || code === "bad-frame" || code === "bad-output";
    if (!this.#isClosed)
      this.#guard(() => this.#recorder?.recordUnanswered(at, code, isFrameAtFault ? "error" : "drop"));
  }
}

function noRelease(device: string): EdgeRuntimeError {
  return new EdgeRuntimeError(
    "no-release",
    `Expected a release on device "${device}", but none was taken yet; release one to it from the hub, or offer a bundle.`,
  );
}
