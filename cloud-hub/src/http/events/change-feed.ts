/** What pages look at; a change names its topics only, the page asks again for what it shows of them. */
export const changeTopics = ["devices", "samples", "labels", "runs", "releases", "rollouts", "drift"] as const;
export type ChangeTopic = (typeof changeTopics)[number];

/** What changed since the last one. at: ms since 1970 */
export type Change = { readonly topics: readonly ChangeTopic[]; readonly at: number };

/** At most one change in this many ms, however much happens. */
export const changeEveryMs = 500;

/** Gathers what changes and tells it in turns; with nobody listening it costs nothing. */
export class ChangeFeed {
  readonly #clock: () => number;
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #waiting = new Set<ChangeTopic>();
  #lastAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Whether somebody looks. */
  get isWatched(): boolean {
    return this.#listeners.size > 0;
  }

  changed(topic: ChangeTopic): void {
    if (!this.isWatched) return;
    this.#waiting.add(topic);
    if (this.#timer !== undefined) return;
    const pause = Math.max(0, this.#lastAt + changeEveryMs - performance.now());
    this.#timer = setTimeout(() => this.#tell(), pause);
    this.#timer.unref();
  }

  /** Calls with each change until the returned function is called. */
  subscribe(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#listeners.clear();
    this.#waiting.clear();
  }

  #tell(): void {
    this.#timer = undefined;
    this.#lastAt = performance.now();
    const change = { topics: changeTopics.filter((topic) => this.#waiting.has(topic)), at: this.#clock() };
    this.#waiting.clear();
    for (const listener of this.#listeners) listener(change);
  }
}
