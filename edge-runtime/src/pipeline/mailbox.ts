import { EdgeRuntimeError } from "../errors.ts";

/**
 * What happens to a frame that finds the line full: `block` refuses the frame that came, `latest` gives up the one that
 * has waited longest (for cameras, where only the newest counts).
 */
export type MailboxPolicy = "block" | "latest";

interface Waiting {
  readonly start: () => void;
  readonly giveUp: (error: EdgeRuntimeError) => void;
}

/**
 * A bounded line in front of the pipeline: `concurrent` frames are worked on, `waiting` more may stand in line; every
 * other one is refused with `mailbox-full`, so that whoever asked can count it.
 */
export class Mailbox {
  readonly #limits: { readonly concurrent: number; readonly waiting: number; readonly policy: MailboxPolicy };
  readonly #line: Waiting[] = [];
  #working = 0;
  #idle: (() => void) | undefined;

  constructor(limits: { readonly concurrent: number; readonly waiting: number; readonly policy: MailboxPolicy }) {
    this.#limits = limits;
  }

  /** Frames in work or in line. */
  get size(): number {
    return this.#working + this.#line.length;
  }

  /**
   * Runs `work` when its turn comes.
   * @throws {EdgeRuntimeError} `mailbox-full` when the line is full
   */
  async enter<T>(work: () => Promise<T>): Promise<T> {
    if (this.#working < this.#limits.concurrent) this.#working += 1;
    else await this.#wait();
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  /** Resolves once no frame is in work or in line. */
  async drained(): Promise<void> {
    if (this.size > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
  }

  #wait(): Promise<void> {
    if (this.#line.length >= this.#limits.waiting) {
      if (this.#limits.policy === "block") return Promise.reject(this.#full());
      this.#line.shift()?.giveUp(this.#full());
    }
    return new Promise((start, giveUp) => this.#line.push({ start, giveUp }));
  }

  #leave(): void {
    const next = this.#line.shift();
    if (next === undefined) this.#working -= 1;
    else next.start();
    if (this.#working === 0) this.#idle?.();
  }

  #full(): EdgeRuntimeError {
    const { waiting, policy } = this.#limits;
    const what = policy === "block" ? "send frames more slowly or wait for answers" : "a newer frame took its place";
    return new EdgeRuntimeError("mailbox-full", `Expected at most ${waiting} frames to wait for an answer; ${what}.`);
  }
}
