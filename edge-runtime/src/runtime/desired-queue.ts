import type { Signed } from "@fieldloop/devices";
import type { ReleaseFetcher, ReleaseStore } from "../releases/index.ts";
import { fullJitterMs } from "../uplink/backoff.ts";
import { countedFetcher, type FetchTally } from "./counted-fetcher.ts";

const firstPauseMs = 2_000;
const mostPauseMs = 600_000;

/**
 * Takes the desired states that the hub sends to the release store, one at a time, the latest first: what waits is
 * replaced by what comes later, and what the network interrupted is tried again.
 */
export class DesiredQueue {
  readonly #store: ReleaseStore;
  readonly #fetcher: ReleaseFetcher;
  readonly #random: () => number;
  readonly #tally: FetchTally = { bytes: 0, wasInterrupted: false, isStopped: false };
  #latest: Signed | undefined;
  #working: Promise<void> | undefined;
  #endPause: (() => void) | undefined;
  #isClosed = false;

  constructor(store: ReleaseStore, fetcher: ReleaseFetcher, random: () => number) {
    this.#store = store;
    this.#fetcher = countedFetcher(fetcher, this.#tally);
    this.#random = random;
  }

  /** Bytes of releases that came from the hub. */
  get bytes(): number {
    return this.#tally.bytes;
  }

  /** Returns at once. */
  put(desired: Signed): void {
    if (this.#isClosed) return;
    this.#latest = desired;
    this.#endPause?.();
    this.#working ??= this.#work().finally(() => (this.#working = undefined));
  }

  /** Ends waiting and fetching; resolves when no offer is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#tally.isStopped = true;
    this.#latest = undefined;
    this.#endPause?.();
    await this.#working;
  }

  async #work(): Promise<void> {
    let failures = 0;
    while (this.#latest !== undefined) {
      const desired = this.#latest;
      this.#tally.wasInterrupted = false;
      const result = await this.#store.offer(desired, this.#fetcher);
      const mayPass = !result.accepted && result.code === "incomplete" && this.#tally.wasInterrupted;
      if (this.#latest !== desired) continue;
      if (!mayPass) this.#latest = undefined;
      else await this.#pause(fullJitterMs(failures, this.#random, { firstMs: firstPauseMs, mostMs: mostPauseMs }));
      failures += 1;
    }
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#endPause = undefined;
  }
}
