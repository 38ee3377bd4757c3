/** Wakes one sleeper; a wake that nobody slept through is kept for the next sleep. */
export class WakeSignal {
  #isSet = false;
  #wake: (() => void) | undefined;

  wake(): void {
    this.#isSet = true;
    this.#wake?.();
  }

  /** Resolves at the next wake, or after `ms`. */
  async sleep(ms: number): Promise<void> {
    if (!this.#isSet && ms > 0) {
      await new Promise<void>((resolve) => {
        const timer = Number.isFinite(ms) ? setTimeout(resolve, Math.min(ms, 2 ** 31 - 1)) : undefined;
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
    this.#isSet = false;
  }
}
