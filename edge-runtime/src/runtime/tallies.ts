/** What became of every frame since the runtime opened: `frames` = `answered` + all of `unanswered` + those in work. */
export interface FrameTallies {
  frames: number;
  answered: number;
  readonly unanswered: Record<string, number>;
}

/** One change of release, from its offer to the first frame that it answered; frames are those taken in between. */
export interface SwapTally {
  readonly number: number;
  readonly release: string;
  readonly offeredAt: number;
  readonly swappedAt: number;
  readonly frames: number;
  readonly unanswered: number;
}

const mostSwaps = 64;

/** Counts one more of `reason`. */
export function count(counts: Record<string, number>, reason: string): void {
  counts[reason] = (counts[reason] ?? 0) + 1;
}

/** Counts frames and what swaps did to them. */
export class Tallies {
  readonly frames: FrameTallies = { frames: 0, answered: 0, unanswered: {} };
  readonly swaps: SwapTally[] = [];
  readonly #clock: () => number;
  #offer: { number: number; release: string; at: number; frames: number; unanswered: number } | undefined;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  get unanswered(): number {
    return Object.values(this.frames.unanswered).reduce((sum, count) => sum + count, 0);
  }

  /** A release was offered. */
  offered(number: number, release: string): void {
    const { frames } = this.frames;
    this.#offer = { number, release, at: this.#clock(), frames, unanswered: this.unanswered };
  }

  /** A release answered its first frame. */
  swapped(release: string): void {
    const offer = this.#offer;
    if (offer?.release !== release) return;
    this.#offer = undefined;
    this.swaps.push({
      number: offer.number,
      release,
      offeredAt: offer.at,
      swappedAt: this.#clock(),
      frames: this.frames.frames - offer.frames,
      unanswered: this.unanswered - offer.unanswered,
    });
    if (this.swaps.length > mostSwaps) this.swaps.shift();
  }
}
