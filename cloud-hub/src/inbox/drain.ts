import { setTimeout as delay } from "node:timers/promises";

/** Moves the next batch of a lane after `after` into the tables; returns how far the lane is moved now. */
export type LaneStep = (after: number) => Promise<number>;

/** One lane to drain. cursor: reads from the tables how far it was moved */
export interface DrainedLane {
  readonly name: string;
  readonly cursor: () => Promise<number>;
  readonly lastSeq: () => number;
  readonly step: LaneStep;
}

const shortestPauseMs = 50;
const longestPauseMs = 5000;

/**
 * Moves the lanes of the inbox into the tables for as long as it is open, the first lane first; after an error it reads
 * the cursors again and tries again, for ever longer pauses, so that nothing is skipped and nothing happens twice.
 */
export class Drain {
  readonly #lanes: readonly DrainedLane[];
  readonly #onError: (error: unknown) => void;
  readonly #reached = new Map<string, number>();
  readonly #watchers = new Set<() => void>();
  readonly #stopped = new AbortController();
  #wake = Promise.withResolvers<void>();
  #running: Promise<void> | undefined;
  #lastError: unknown;

  constructor(lanes: readonly DrainedLane[], onError: (error: unknown) => void) {
    this.#lanes = lanes;
    this.#onError = onError;
  }

  /** Starts draining; cursors are read first. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Says that there may be something to move. */
  wake(): void {
    this.#wake.resolve();
  }

  /** How far a lane is moved, as far as is known here. */
  reached(lane: string): number {
    return this.#reached.get(lane) ?? 0;
  }

  /** What stopped the drain last, while it has not moved since. */
  get lastError(): unknown {
    return this.#lastError;
  }

  /** Resolves when everything that the inbox holds now is in the tables. */
  async idle(): Promise<void> {
    const wanted = this.#lanes.map((lane) => [lane.name, lane.lastSeq()] as const);
    const isThere = () => wanted.every(([lane, seq]) => this.reached(lane) >= seq);
    while (!isThere() && !this.#stopped.signal.aborted) await new Promise<void>((moved) => this.#watchers.add(moved));
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
        if (!isFresh) await this.#readCursors();
        isFresh = true;
        const moved = await this.#turn();
        pauseMs = shortestPauseMs;
        this.#lastError = undefined;
        if (!moved) await this.#sleep();
      } catch (error) {
        isFresh = false;
        this.#lastError = error;
        if (!this.#stopped.signal.aborted) this.#onError(error);
        await delay(pauseMs, undefined, { signal: this.#stopped.signal }).catch(() => undefined);
        pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      }
    }
  }

  async #readCursors(): Promise<void> {
    for (const lane of this.#lanes) this.#reached.set(lane.name, await lane.cursor());
    this.#moved();
  }

  /** One batch of every lane; an earlier lane goes again before a later one. */
  async #turn(): Promise<boolean> {
    let didMove = false;
    for (const lane of this.#lanes) {
      for (let pass = 0; pass < 4 && this.reached(lane.name) < lane.lastSeq(); pass += 1) {
        const before = this.reached(lane.name);
        const last = lane.lastSeq();
        const after = await lane.step(before);
        // Nothing up to `last`: its numbers were never used (a lease that a crash left behind).
        this.#reached.set(lane.name, after === before ? last : after);
        didMove = true;
        this.#moved();
        if (this.#stopped.signal.aborted) return true;
      }
    }
    return didMove;
  }

  #moved(): void {
    for (const watcher of this.#watchers) watcher();
    this.#watchers.clear();
  }

  async #sleep(): Promise<void> {
    const isBehind = () => this.#lanes.some((lane) => this.reached(lane.name) < lane.lastSeq());
    if (isBehind()) return;
    await this.#wake.promise;
    this.#wake = Promise.withResolvers<void>();
  }
}
