import { setTimeout as delay } from "node:timers/promises";

/** Moves the next batch of a lane after `after` into the tables; returns how far the lane is moved now. */
export type LaneStep = (after: number) => Promise<number>;

/** A lane to drain. cursor: reads from the tables how far it was moved */
export interface DrainedLane {
  readonly cursor: () => Promise<number>;
  readonly lastSeq: () => number;
  readonly step: LaneStep;
}

const shortestPauseMs = 50;
const longestPauseMs = 5000;

/**
 * Moves one lane of the inbox into the tables for as long as it is open; after an error it reads the cursor again and tries
 * again, after ever longer pauses, so that nothing is skipped and nothing happens twice.
 */
export class Drain {
  readonly #lane: DrainedLane;
  readonly #onError: (error: unknown) => void;
  readonly #watchers = new Set<() => void>();
  readonly #stopped = new AbortController();
  #reached = 0;
  #wake = Promise.withResolvers<void>();
  #running: Promise<void> | undefined;
  #lastError: unknown;

  constructor(lane: DrainedLane, onError: (error: unknown) => void) {
    this.#lane = lane;
    this.#onError = onError;
  }

  /** Starts draining, from where the tables say. */
  start(): void {
    if (!this.#stopped.signal.aborted) this.#running ??= this.#run();
  }

  /** Says that there may be something to move. */
  wake(): void {
    this.#wake.resolve();
  }

  /** How many numbers of the lane are not moved yet, as far as is known here. */
  get waiting(): number {
    return Math.max(0, this.#lane.lastSeq() - this.#reached);
  }

  /** What stopped the drain last, while it has not moved since. */
  get lastError(): unknown {
    return this.#lastError;
  }

  /** Resolves when everything that the lane holds now is in the tables, or the drain is stopped. */
  async idle(): Promise<void> {
    const wanted = this.#lane.lastSeq();
    while (this.#reached < wanted && !this.#stopped.signal.aborted) {
      await new Promise<void>((moved) => this.#watchers.add(moved));
    }
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.wake();
    await this.#running;
    this.#moved();
  }

  async #run(): Promise<void> {
    let pauseMs = shortestPauseMs;
    let isFresh = false;
    while (!this.#stopped.signal.aborted) {
      try {
        if (!isFresh) this.#moveTo(await this.#lane.cursor());
        isFresh = true;
        if (this.waiting > 0) await this.#step();
        else await this.#sleep();
        pauseMs = shortestPauseMs;
        this.#lastError = undefined;
      } catch (error) {
        isFresh = false;
        this.#lastError = error;
        if (!this.#stopped.signal.aborted) this.#onError(error);
        await delay(pauseMs, undefined, { signal: this.#stopped.signal }).catch(() => undefined);
        pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      }
    }
  }

  async #step(): Promise<void> {
    const before = this.#reached;
    const last = this.#lane.lastSeq();
    const after = await this.#lane.step(before);
    // Nothing up to `last`: its numbers were never used (a lease that a crash left behind).
    this.#moveTo(after === before ? last : after);
  }

  #moveTo(seq: number): void {
    this.#reached = seq;
    this.#moved();
  }

  #moved(): void {
    for (const watcher of this.#watchers) watcher();
    this.#watchers.clear();
  }

  async #sleep(): Promise<void> {
    await this.#wake.promise;
    this.#wake = Promise.withResolvers<void>();
  }
}
