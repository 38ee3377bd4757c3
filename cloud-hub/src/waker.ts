import { setTimeout as delay } from "node:timers/promises";

/** The rests of a loop in the background: they end early by a wake, also by one that came while the loop worked, and by the stop. */
export class Waker {
  readonly #stopping = new AbortController();
  #woken = Promise.withResolvers<void>();

  get isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  wake(): void {
    this.#woken.resolve();
  }

  /** Ends the rest of now and every later one. */
  stop(): void {
    this.#stopping.abort();
  }

  /** Rests `ms`, or until it is woken or stopped. */
  async rest(ms: number): Promise<void> {
    const over = new AbortController();
    await Promise.race([this.#woken.promise, this.pause(ms, over.signal)]);
    over.abort();
    this.#woken = Promise.withResolvers();
  }

  /** Rests `ms` whether or not it is woken; only a stop, or `over`, ends it early. */
  async pause(ms: number, over?: AbortSignal): Promise<void> {
    const signal = over === undefined ? this.#stopping.signal : AbortSignal.any([this.#stopping.signal, over]);
    await delay(ms, undefined, { signal }).catch(() => undefined);
  }
}
