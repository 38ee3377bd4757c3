/** One place in a sequence of works that start in order, run side by side, and finish in order. */
export interface Turn {
  /** Resolves when every earlier turn has ended. */
  readonly comes: Promise<void>;
  readonly end: () => void;
}

/** Hands out turns in the order of asking. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  take(): Turn {
    const comes = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = comes.then(() => promise);
    return { comes, end: resolve };
  }
}
