/** The most records of a lane that are kept ahead of its cursor; more are dropped and come again. */
export const mostAhead = 1024;

/**
 * What becomes of an offered record: `new` is to be stored; `repeat` is stored already; `differs` comes under the number of
 * another; `covered` lies below the cursor without being stored (a gap named it); `too-far` is to come again.
 */
export type Offer = "new" | "repeat" | "differs" | "covered" | "too-far";

/** Which records of one lane of one device are stored: the cursor, the records ahead of it, and the gaps ahead of it. */
export class LaneIntake {
  #upTo: number;
  readonly #digests: Map<number, string>;
  readonly #ahead = new Set<number>();
  readonly #gaps: { readonly from: number; readonly to: number }[] = [];

  /** stored: digests by number of the records ahead of the cursor, and of any below it that may be offered again */
  constructor(upTo: number, stored: ReadonlyMap<number, string>) {
    this.#upTo = upTo;
    this.#digests = new Map(stored);
    for (const seq of stored.keys()) if (seq > upTo) this.#ahead.add(seq);
  }

  /** All up to here is stored, or named by a gap. */
  get upTo(): number {
    return this.#upTo;
  }

  /** Says what becomes of a record, without storing it: `accept` does that once its content is known to be good. */
  offer(seq: number, digest: string): Offer {
    const known = this.#digests.get(seq);
    if (known !== undefined) return known === digest ? "repeat" : "differs";
    if (seq <= this.#upTo) return "covered";
    return seq > this.#upTo + 1 && this.#ahead.size >= mostAhead ? "too-far" : "new";
  }

  accept(seq: number, digest: string): void {
    this.#digests.set(seq, digest);
    this.#ahead.add(seq);
    this.#advance();
  }

  /** Numbers `from` to `to` will not come. */
  close(from: number, to: number): void {
    this.#gaps.push({ from, to });
    this.#advance();
  }

  #advance(): void {
    for (;;) {
      const next = this.#upTo + 1;
      if (this.#ahead.delete(next)) this.#upTo = next;
      else {
        const gap = this.#gaps.find(({ from, to }) => from <= next && next <= to);
        if (gap === undefined) return;
        for (const seq of this.#ahead) if (seq <= gap.to) this.#ahead.delete(seq);
        this.#upTo = gap.to;
      }
    }
  }
}
